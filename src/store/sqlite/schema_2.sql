-- What really happened to the passenger, and when that was told first.
ALTER TABLE predictions ADD COLUMN outcome INTEGER;
ALTER TABLE predictions ADD COLUMN outcome_recorded_at TEXT;
