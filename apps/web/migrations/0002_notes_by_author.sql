-- For the question who wrote what.
CREATE INDEX notes_by_author ON notes (author, id DESC);
