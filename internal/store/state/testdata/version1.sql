-- What slo-engine wrote when the tables had version 1. It is never changed.
INSERT INTO slo_actions (id, revision, alert, since, playbook, step, service, gateway, target, state, is_open, created, entered, body) VALUES
  ('a', 2, 'a', 1772366400000000, 'heal', 0, 'checkout', 'haproxy', 'target-a', 'rejected', FALSE, 1772366400000000, 1772366400000000, '{"id":"a","revision":2,"playbook":"heal","step":0,"service":"checkout","alert":"a","since":"2026-03-01T12:00:00Z","gateway":"haproxy","target":"target-a","action":{"id":"","kind":""},"state":"rejected","evidence":{"burn":14.4},"answered":"alice","created":"2026-03-01T12:00:00Z","updated":"2026-03-01T12:00:00Z","entered":"2026-03-01T12:00:00Z","epoch":1}'),
  ('b', 1, 'b', 1772366400000000, 'heal', 0, 'checkout', 'haproxy', 'target-b', 'proposed', TRUE, 1772366400000000, 1772366400000000, '{"id":"b","revision":1,"playbook":"heal","step":0,"service":"checkout","alert":"b","since":"2026-03-01T12:00:00Z","gateway":"haproxy","target":"target-b","action":{"id":"","kind":""},"state":"proposed","evidence":{"burn":14.4},"created":"2026-03-01T12:00:00Z","updated":"2026-03-01T12:00:00Z","entered":"2026-03-01T12:00:00Z","epoch":1}');
INSERT INTO slo_audit (seq, at, action, service, body, previous, hash) VALUES
  (1, 1772366400000000, 'a', 'checkout', '{"at":"2026-03-01T12:00:00Z","who":"slo-engine","what":"reserved","action":"a","service":"checkout","data":{"it''s":"<5>"}}', '', '53912287ac5618da351514ab153cab0060c19b01deb1f9b2e5e5928ee7a924c9'),
  (2, 1772366400000000, 'a', 'checkout', '{"at":"2026-03-01T12:00:00Z","who":"alice","what":"rejected","action":"a","service":"checkout"}', '53912287ac5618da351514ab153cab0060c19b01deb1f9b2e5e5928ee7a924c9', '69aded417cb15be4d24dd17cda1a2e4cb2957a8babee46af93aedf442d21c66f'),
  (3, 1772366400000000, 'b', 'checkout', '{"at":"2026-03-01T12:00:00Z","who":"slo-engine","what":"reserved","action":"b","service":"checkout","data":{"it''s":"<5>"}}', '69aded417cb15be4d24dd17cda1a2e4cb2957a8babee46af93aedf442d21c66f', 'a1199e5d02758950ffc3077b8ba5238c7f6b93139899ee0c2d30fa929efdd9dd');
INSERT INTO slo_settings (name, body) VALUES
  ('paused', '{"by":"bob"}');
INSERT INTO slo_messages (id, seq, receiver, lane, due, fate, body) VALUES
  ('m1', 1, 'hook', 'a', 1772366400000000, 'delivered', ''),
  ('m2', 2, 'hook', 'a', 1772366400000000, 'dead', '{"id":"m2","to":"hook","key":"a","body":{"n":1},"made":"2026-03-01T12:00:00Z","due":"2026-03-01T12:00:00Z","tries":9,"problem":"410 Gone","fate":"dead"}'),
  ('m3', 3, 'hook', 'a', 1772366400000000, '', '{"id":"m3","to":"hook","key":"a","body":{"n":1},"made":"2026-03-01T12:00:00Z","due":"2026-03-01T12:00:00Z","tries":0}');
UPDATE slo_head SET epoch = 1, holder = 'engine-1', until = 1772366410000000, audit_seq = 3, audit_hash = 'a1199e5d02758950ffc3077b8ba5238c7f6b93139899ee0c2d30fa929efdd9dd';
