CREATE TRIGGER slo_audit_stays BEFORE DELETE ON slo_audit
BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
CREATE TRIGGER slo_audit_is_final BEFORE UPDATE ON slo_audit
BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
-- INSERT OR REPLACE deletes without telling a trigger.
CREATE TRIGGER slo_audit_is_new BEFORE INSERT ON slo_audit
WHEN EXISTS (SELECT 1 FROM slo_audit WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END;
