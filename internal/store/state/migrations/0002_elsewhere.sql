-- Drills are actions that no cooldown and no hour counts.
ALTER TABLE slo_actions ADD COLUMN drill BOOLEAN NOT NULL DEFAULT FALSE;

-- Alerts that somebody else raised, as they were told last. Those with the same
-- seq were written at once.
CREATE TABLE slo_inbound (
  fingerprint TEXT   PRIMARY KEY,
  seq         BIGINT NOT NULL,
  body        TEXT   NOT NULL
);
CREATE INDEX slo_inbound_seq ON slo_inbound (seq);

-- The last seq that was given out: it outlives its rows.
CREATE TABLE slo_inbound_end (
  id  BIGINT PRIMARY KEY CHECK (id = 1),
  seq BIGINT NOT NULL
);
INSERT INTO slo_inbound_end VALUES (1, 0);
