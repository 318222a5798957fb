CREATE FUNCTION slo_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit is only appended to'; END $$;
CREATE TRIGGER slo_audit_stays BEFORE UPDATE OR DELETE ON slo_audit
  FOR EACH ROW EXECUTE FUNCTION slo_audit_refuse();
CREATE TRIGGER slo_audit_is_final BEFORE TRUNCATE ON slo_audit
  FOR EACH STATEMENT EXECUTE FUNCTION slo_audit_refuse();
