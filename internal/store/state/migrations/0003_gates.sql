-- Levels of gate policies that hold.
CREATE TABLE slo_gate_latches (
  policy   TEXT   NOT NULL,
  slo      TEXT   NOT NULL,
  decision TEXT   NOT NULL,
  since    BIGINT NOT NULL,
  PRIMARY KEY (policy, slo, decision)
);

-- What gates have answered, and how often.
CREATE TABLE slo_gate_verdicts (
  id         TEXT   PRIMARY KEY,
  service    TEXT   NOT NULL,
  decision   TEXT   NOT NULL,
  first_told BIGINT NOT NULL,
  last_told  BIGINT NOT NULL,
  told       BIGINT NOT NULL,
  body       TEXT   NOT NULL
);
CREATE INDEX slo_gate_verdicts_told ON slo_gate_verdicts (last_told, id);
CREATE INDEX slo_gate_verdicts_service ON slo_gate_verdicts (service, last_told);
CREATE INDEX slo_gate_verdicts_decision ON slo_gate_verdicts (decision, last_told);

-- Who lets changes pass until when; mended is 0 until somebody ends it.
CREATE TABLE slo_gate_glasses (
  id     TEXT   PRIMARY KEY,
  broken BIGINT NOT NULL,
  until  BIGINT NOT NULL,
  mended BIGINT NOT NULL,
  body   TEXT   NOT NULL
);
CREATE INDEX slo_gate_glasses_until ON slo_gate_glasses (until);

CREATE TABLE slo_gate_deploys (
  id      TEXT   PRIMARY KEY,
  service TEXT   NOT NULL,
  at      BIGINT NOT NULL,
  body    TEXT   NOT NULL
);
CREATE INDEX slo_gate_deploys_at ON slo_gate_deploys (at, id);
CREATE INDEX slo_gate_deploys_service ON slo_gate_deploys (service, at);
