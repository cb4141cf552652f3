-- Times are Unix milliseconds (UTC), ids are ULIDs, hashes are raw bytes, JSON is text.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sources (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (kind, name)
);

-- `position` is the gallery's order: the time the photo was taken (or added, if nobody
-- knows), times 2^14, plus a tail that keeps it unique. As the rowid of this table and
-- of `search` it gives both their order without a sort.
CREATE TABLE photos (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    source_id TEXT NOT NULL REFERENCES sources (id),
    picture_hash BLOB NOT NULL,
    perceptual_hash INTEGER,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    taken_at INTEGER,
    added_at INTEGER NOT NULL,
    deleted_at INTEGER,
    camera TEXT,
    latitude REAL,
    longitude REAL,
    place TEXT,
    people TEXT,
    stored_bytes INTEGER NOT NULL,
    -- what the lists filter by, kept by the same code that keeps `search`
    has_caption INTEGER NOT NULL DEFAULT 0,
    is_pending INTEGER NOT NULL DEFAULT 0,
    verdict TEXT
);
CREATE INDEX photos_picture ON photos (picture_hash);
CREATE INDEX photos_source ON photos (source_id, deleted_at);
CREATE INDEX photos_caption ON photos (has_caption, deleted_at);
CREATE INDEX photos_pending ON photos (is_pending, deleted_at)
WHERE is_pending = 1;
CREATE INDEX photos_verdict ON photos (verdict, deleted_at)
WHERE verdict IS NOT NULL;
CREATE INDEX photos_deleted ON photos (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    photo_id TEXT NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    path BLOB NOT NULL, -- bytes, because a file name need not be text
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    file_hash BLOB,
    state TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    UNIQUE (source_id, path)
);
CREATE INDEX files_photo ON files (photo_id);

CREATE TABLE suggestions (
    id TEXT PRIMARY KEY,
    photo_id TEXT NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    raw_text TEXT NOT NULL,
    state TEXT NOT NULL,
    verdict TEXT NOT NULL,
    doubted TEXT NOT NULL,
    score REAL,
    provenance TEXT NOT NULL,
    stale INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    decided_at INTEGER
);
CREATE INDEX suggestions_photo ON suggestions (photo_id);
CREATE INDEX suggestions_state ON suggestions (state, id);
CREATE UNIQUE INDEX suggestions_pending ON suggestions (photo_id, language)
WHERE state = 'pending';

CREATE TABLE captions (
    photo_id TEXT NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    text TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    suggestion_id TEXT REFERENCES suggestions (id) ON DELETE SET NULL,
    PRIMARY KEY (photo_id, language)
) WITHOUT ROWID;
CREATE INDEX captions_suggestion ON captions (suggestion_id)
WHERE suggestion_id IS NOT NULL;

-- what a caption was before each change; `text` is NULL where there was none
CREATE TABLE caption_history (
    id INTEGER PRIMARY KEY,
    photo_id TEXT NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    language TEXT NOT NULL,
    text TEXT,
    origin TEXT,
    created_at INTEGER,
    suggestion_id TEXT REFERENCES suggestions (id) ON DELETE SET NULL,
    replaced_at INTEGER NOT NULL
);
CREATE INDEX caption_history_slot ON caption_history (photo_id, language, id);
CREATE INDEX caption_history_suggestion ON caption_history (suggestion_id)
WHERE suggestion_id IS NOT NULL;

CREATE TABLE ratings (
    photo_id TEXT NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    suggestion_id TEXT REFERENCES suggestions (id) ON DELETE CASCADE,
    rater TEXT NOT NULL,
    stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    rated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX ratings_one
ON ratings (photo_id, rater, ifnull(suggestion_id, ''));
CREATE INDEX ratings_suggestion ON ratings (suggestion_id);

CREATE TABLE tags (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display TEXT NOT NULL
);
CREATE TABLE photo_tags (
    tag_id INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    position INTEGER NOT NULL
    REFERENCES photos (position) ON UPDATE CASCADE ON DELETE CASCADE,
    origins INTEGER NOT NULL, -- bits: 1 a caption's hashtag, 2 a person, 4 imported
    PRIMARY KEY (tag_id, position)
) WITHOUT ROWID;
CREATE INDEX photo_tags_photo ON photo_tags (position);

-- a tag is its own album: only the others are kept here
CREATE TABLE albums (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (kind, name)
);
CREATE TABLE album_photos (
    album_id TEXT NOT NULL REFERENCES albums (id) ON DELETE CASCADE,
    position INTEGER NOT NULL
    REFERENCES photos (position) ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (album_id, position)
) WITHOUT ROWID;
CREATE INDEX album_photos_photo ON album_photos (position);

CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    resource TEXT NOT NULL,
    priority INTEGER NOT NULL,
    grouping TEXT NOT NULL,
    key TEXT,
    state TEXT NOT NULL,
    progress REAL NOT NULL DEFAULT 0,
    total REAL,
    stage TEXT NOT NULL DEFAULT '',
    started_by TEXT NOT NULL,
    params TEXT NOT NULL,
    result TEXT,
    error TEXT,
    resume TEXT,
    queued_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
);
CREATE INDEX jobs_queue ON jobs (resource, priority DESC, number)
WHERE state = 'queued';
CREATE INDEX jobs_state ON jobs (state, number);
CREATE UNIQUE INDEX jobs_key ON jobs (key) WHERE state IN ('queued', 'running');

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    at INTEGER NOT NULL
);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
);

CREATE TABLE pairings (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    secret_hash BLOB NOT NULL,
    name TEXT NOT NULL,
    scope TEXT, -- NULL until a person approves
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    claimed_at INTEGER
);

CREATE TABLE shares (
    id TEXT PRIMARY KEY,
    secret_hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    target TEXT NOT NULL,
    target_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
);

-- rowid = photos.position; kept by code, in the transaction that changes the words
CREATE VIRTUAL TABLE search USING fts5 (
    caption, tags, people, suggestion, place, file,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* M* Co'"
);
