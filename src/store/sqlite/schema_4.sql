-- What another model said of the same passenger, and reports of monitoring, each under the end of its window.
ALTER TABLE predictions ADD COLUMN shadow_version TEXT;
ALTER TABLE predictions ADD COLUMN shadow_probability REAL;
CREATE TABLE reports (window_to TEXT PRIMARY KEY NOT NULL, report TEXT NOT NULL) STRICT;
