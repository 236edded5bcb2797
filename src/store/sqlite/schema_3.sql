-- Whether a prediction belongs to the sample that can be read by time, and the index by which it is.
ALTER TABLE predictions ADD COLUMN sampled INTEGER NOT NULL DEFAULT 1;
CREATE INDEX predictions_by_time ON predictions (created_at) WHERE sampled = 1;
