-- The guest book.
CREATE TABLE notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author text NOT NULL,
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 2000),
    created timestamptz NOT NULL DEFAULT now()
);
