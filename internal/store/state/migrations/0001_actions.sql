-- Times are microseconds since 1970, bodies are JSON: the columns beside a body
-- are only what is searched for.

-- What all writers wait for: who leads, and where the audit ends.
CREATE TABLE slo_head (
  id         BIGINT PRIMARY KEY CHECK (id = 1),
  epoch      BIGINT NOT NULL,
  holder     TEXT   NOT NULL,
  until      BIGINT NOT NULL,
  audit_seq  BIGINT NOT NULL,
  audit_hash TEXT   NOT NULL
);
INSERT INTO slo_head VALUES (1, 0, '', 0, 0, '');

CREATE TABLE slo_actions (
  id       TEXT    PRIMARY KEY,
  revision BIGINT  NOT NULL,
  alert    TEXT    NOT NULL,
  since    BIGINT  NOT NULL,
  playbook TEXT    NOT NULL,
  step     BIGINT  NOT NULL,
  service  TEXT    NOT NULL,
  gateway  TEXT    NOT NULL,
  target   TEXT    NOT NULL,
  state    TEXT    NOT NULL,
  is_open  BOOLEAN NOT NULL,
  created  BIGINT  NOT NULL,
  entered  BIGINT  NOT NULL,
  body     TEXT    NOT NULL
);
-- An alert has an action once.
CREATE UNIQUE INDEX slo_actions_once ON slo_actions (alert, since, playbook, step);
-- A target has one action at a time.
CREATE UNIQUE INDEX slo_actions_alone ON slo_actions (gateway, target) WHERE is_open;
CREATE INDEX slo_actions_created ON slo_actions (created, id);
CREATE INDEX slo_actions_service ON slo_actions (service, created);
CREATE INDEX slo_actions_target ON slo_actions (gateway, target, created);

-- hash is over the one before, seq and body.
CREATE TABLE slo_audit (
  seq      BIGINT PRIMARY KEY,
  at       BIGINT NOT NULL,
  action   TEXT   NOT NULL,
  service  TEXT   NOT NULL,
  body     TEXT   NOT NULL,
  previous TEXT   NOT NULL,
  hash     TEXT   NOT NULL
);
CREATE INDEX slo_audit_action ON slo_audit (action, seq);
CREATE INDEX slo_audit_service ON slo_audit (service, seq);
CREATE INDEX slo_audit_at ON slo_audit (at);

CREATE TABLE slo_settings (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL
);

-- fate: '' waits, 'delivered', 'dead'. Of one receiver and lane, the lowest seq
-- that waits is first.
CREATE TABLE slo_messages (
  id       TEXT   PRIMARY KEY,
  seq      BIGINT NOT NULL UNIQUE,
  receiver TEXT   NOT NULL,
  lane     TEXT   NOT NULL,
  due      BIGINT NOT NULL,
  fate     TEXT   NOT NULL,
  body     TEXT   NOT NULL
);
CREATE INDEX slo_messages_waiting ON slo_messages (receiver, lane, seq) WHERE fate = '';
CREATE INDEX slo_messages_ended ON slo_messages (fate, due) WHERE fate <> '';
