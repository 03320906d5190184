"""Measure your prompt's ceiling before you pay for a fine-tune."""
