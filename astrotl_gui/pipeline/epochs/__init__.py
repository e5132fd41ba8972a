"""Time series: epochs registered, measured, compared and judged."""
