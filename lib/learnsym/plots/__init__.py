"""Figures of the book: functions from arrays to matplotlib figures, one module per folder."""
