-- people compare captions of the same photos, blind: what they are to compare, who they
-- are, and what they said

CREATE TABLE studies (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL,
    variants TEXT NOT NULL,
    scorer TEXT,
    job_id TEXT,
    created_at INTEGER NOT NULL
);
CREATE TABLE study_photos (
    study_id TEXT NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
    photo_id TEXT NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    PRIMARY KEY (study_id, photo_id)
) WITHOUT ROWID;
CREATE INDEX study_photos_photo ON study_photos (photo_id);

CREATE TABLE study_captions (
    study_id TEXT NOT NULL,
    photo_id TEXT NOT NULL,
    variant INTEGER NOT NULL, -- its place in `studies.variants`
    text TEXT NOT NULL,
    verdict TEXT NOT NULL,
    score REAL,
    seconds REAL NOT NULL,
    PRIMARY KEY (study_id, photo_id, variant),
    FOREIGN KEY (study_id, photo_id)
    REFERENCES study_photos (study_id, photo_id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE respondents (
    id TEXT PRIMARY KEY,
    study_id TEXT NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    secret_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    UNIQUE (study_id, number)
);
CREATE TABLE study_ratings (
    respondent_id TEXT NOT NULL REFERENCES respondents (id) ON DELETE CASCADE,
    study_id TEXT NOT NULL,
    photo_id TEXT NOT NULL,
    variant INTEGER NOT NULL,
    stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    rated_at INTEGER NOT NULL,
    PRIMARY KEY (respondent_id, photo_id, variant),
    FOREIGN KEY (study_id, photo_id, variant)
    REFERENCES study_captions (study_id, photo_id, variant) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX study_ratings_caption
ON study_ratings (study_id, photo_id, variant);
