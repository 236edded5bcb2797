-- One row a prediction: what went in, what came out, and when. JSON where a table decides what there is.
CREATE TABLE stored (
    id TEXT PRIMARY KEY NOT NULL,
    created_at TEXT NOT NULL,
    model_version TEXT NOT NULL,
    snapshot TEXT,
    record TEXT NOT NULL,
    features TEXT,
    answer TEXT NOT NULL,
    sampled INTEGER NOT NULL,
    outcome TEXT,
    outcome_recorded_at TEXT,
    shadow_version TEXT,
    shadow_answer TEXT
) STRICT;

-- Monitoring reads by time what belongs to the sample.
CREATE INDEX stored_by_time ON stored (created_at) WHERE sampled = 1;

-- The names of the features that each version stores, a JSON list.
CREATE TABLE versions (version TEXT PRIMARY KEY NOT NULL, features TEXT NOT NULL) STRICT;

-- Whose predictions these are: one row of JSON.
CREATE TABLE owner (owner TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS reports (window_to TEXT PRIMARY KEY NOT NULL, report TEXT NOT NULL) STRICT;
