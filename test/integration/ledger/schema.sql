CREATE SCHEMA molecule;
CREATE FUNCTION molecule.chain_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
  field   bytea;
  content bytea := '';
BEGIN
  UPDATE molecule.audit_head SET seq = seq + 1 RETURNING seq, hash INTO STRICT NEW.seq, NEW.previous;
  NEW.at := clock_timestamp();
  FOREACH field IN ARRAY ARRAY[
    convert_to(NEW.seq::text, 'UTF8'),
    convert_to(to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'UTF8'),
    convert_to(NEW.event, 'UTF8'),
    convert_to(NEW.subject_uid, 'UTF8'),
    convert_to(NEW.subject, 'UTF8'),
    convert_to(NEW.actor, 'UTF8'),
    convert_to(NEW.detail::text, 'UTF8')
  ] LOOP
    content := content || int4send(octet_length(field)) || field;
  END LOOP;
  NEW.hash := sha256(NEW.previous || content);
  UPDATE molecule.audit_head SET hash = NEW.hash;
  RETURN NEW;
END
$$;
CREATE FUNCTION molecule.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TABLE molecule.approvals (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    subject_uid text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    attempt integer NOT NULL,
    state text DEFAULT 'Open'::text NOT NULL,
    nonce text NOT NULL,
    hash text,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    decided_by text,
    decided_at timestamp with time zone,
    operation_id uuid,
    consumed_at timestamp with time zone,
    CONSTRAINT approvals_consumption_check CHECK ((((state = 'Consumed'::text) = (operation_id IS NOT NULL)) AND ((state = 'Consumed'::text) = (consumed_at IS NOT NULL)))),
    CONSTRAINT approvals_decision_check CHECK ((((decided_by IS NULL) = (decided_at IS NULL)) AND ((state <> ALL (ARRAY['Approved'::text, 'Denied'::text, 'Consumed'::text])) OR ((decided_by IS NOT NULL) AND (hash IS NOT NULL))))),
    CONSTRAINT approvals_state_check CHECK ((state = ANY (ARRAY['Open'::text, 'Approved'::text, 'Denied'::text, 'Consumed'::text, 'Expired'::text, 'Superseded'::text, 'Withdrawn'::text])))
);
COMMENT ON TABLE molecule.approvals IS 'Attempts to have a destructive operation approved; each is good for one operation, once';
COMMENT ON COLUMN molecule.approvals.subject_uid IS 'metadata.uid of the object that the operation is about';
COMMENT ON COLUMN molecule.approvals.subject IS 'The object for people: kind namespace/name';
COMMENT ON COLUMN molecule.approvals.hash IS 'Of the record that the approver is shown; null before it is bound';
COMMENT ON COLUMN molecule.approvals.operation_id IS 'The operation that the approval was used for';
CREATE TABLE molecule.askers (
    subject_uid text NOT NULL,
    asker text NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE molecule.askers IS 'Who asked for the deletion of an object; none of them can approve it';
CREATE TABLE molecule.audit (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    subject_uid text NOT NULL,
    subject text NOT NULL,
    actor text NOT NULL,
    detail json NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL
);
COMMENT ON TABLE molecule.audit IS 'Append-only, hash-chained: what was asked, decided, used, destroyed and kept';
COMMENT ON COLUMN molecule.audit.actor IS 'The user who is responsible; empty: the operator by itself';
COMMENT ON COLUMN molecule.audit.previous IS 'hash of the row before; 32 zero bytes in the first';
COMMENT ON COLUMN molecule.audit.hash IS 'sha256 of previous and of seq, at, event, subject_uid, subject, actor and detail, each behind its length';
CREATE TABLE molecule.audit_head (
    is_only boolean DEFAULT true NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_head_only_check CHECK (is_only)
);
COMMENT ON TABLE molecule.audit_head IS 'The last row of the audit; written by its trigger alone';
CREATE TABLE molecule.identities (
    id text NOT NULL,
    kind text NOT NULL,
    holder_uid text NOT NULL,
    holder text NOT NULL,
    claimed_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE molecule.identities IS 'Ids of Orgs and Workspaces: who holds each of them';
COMMENT ON COLUMN molecule.identities.kind IS 'Kind of the object that is named by the id';
COMMENT ON COLUMN molecule.identities.holder_uid IS 'metadata.uid of the object that holds the id; for a platform agent, of its Org';
COMMENT ON COLUMN molecule.identities.holder IS 'The object for people: namespace/name';
CREATE TABLE molecule.migrations (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    run_on timestamp without time zone NOT NULL
);
CREATE SEQUENCE molecule.migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE molecule.migrations_id_seq OWNED BY molecule.migrations.id;
CREATE TABLE molecule.operation_members (
    operation_id uuid NOT NULL,
    uid text NOT NULL,
    subject text NOT NULL,
    claim_uid text,
    erase_after timestamp with time zone
);
COMMENT ON TABLE molecule.operation_members IS 'Everything that goes under an operation, as its approver was shown';
COMMENT ON COLUMN molecule.operation_members.uid IS 'metadata.uid of the object';
COMMENT ON COLUMN molecule.operation_members.claim_uid IS 'metadata.uid of the PersistentVolumeClaim that goes with it';
COMMENT ON COLUMN molecule.operation_members.erase_after IS 'From then on the volume may be erased; null: never';
CREATE TABLE molecule.operations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    subject_uid text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    concluded_at timestamp with time zone,
    result jsonb,
    approval_id uuid,
    parent_id uuid,
    CONSTRAINT operations_conclusion_check CHECK (((concluded_at IS NULL) = (result IS NULL)))
);
COMMENT ON TABLE molecule.operations IS 'Destructive operations: intent first, outcome last';
COMMENT ON COLUMN molecule.operations.subject_uid IS 'metadata.uid of the object that is destroyed';
COMMENT ON COLUMN molecule.operations.subject IS 'The object for people: kind namespace/name';
COMMENT ON COLUMN molecule.operations.detail IS 'What was to be destroyed, as planned when it began';
COMMENT ON COLUMN molecule.operations.result IS 'What happened to it; null while the operation is not finished';
COMMENT ON COLUMN molecule.operations.approval_id IS 'The approval that was used for it; null where nobody had to be asked, or another operation covers it';
COMMENT ON COLUMN molecule.operations.parent_id IS 'The approved operation that covers it';
CREATE TABLE molecule.snapshots (
    subject_uid text NOT NULL,
    object json NOT NULL,
    kept_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE molecule.snapshots IS 'Objects as they were before they were let go, to make them again from';
ALTER TABLE ONLY molecule.migrations ALTER COLUMN id SET DEFAULT nextval('molecule.migrations_id_seq'::regclass);
ALTER TABLE ONLY molecule.approvals
    ADD CONSTRAINT approvals_attempt_key UNIQUE (subject_uid, action, attempt);
ALTER TABLE ONLY molecule.approvals
    ADD CONSTRAINT approvals_operation_key UNIQUE (operation_id);
ALTER TABLE ONLY molecule.approvals
    ADD CONSTRAINT approvals_pkey PRIMARY KEY (id);
ALTER TABLE ONLY molecule.askers
    ADD CONSTRAINT askers_pkey PRIMARY KEY (subject_uid, asker);
ALTER TABLE ONLY molecule.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (is_only);
ALTER TABLE ONLY molecule.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY molecule.identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (id);
ALTER TABLE ONLY molecule.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY molecule.operation_members
    ADD CONSTRAINT operation_members_pkey PRIMARY KEY (operation_id, uid);
ALTER TABLE ONLY molecule.operations
    ADD CONSTRAINT operations_approval_key UNIQUE (approval_id);
ALTER TABLE ONLY molecule.operations
    ADD CONSTRAINT operations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY molecule.operations
    ADD CONSTRAINT operations_subject_action_key UNIQUE (subject_uid, action);
ALTER TABLE ONLY molecule.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (subject_uid);
CREATE UNIQUE INDEX approvals_current_key ON molecule.approvals USING btree (subject_uid, action) WHERE (state = ANY (ARRAY['Open'::text, 'Approved'::text]));
CREATE TRIGGER approvals_end_is_final BEFORE UPDATE ON molecule.approvals FOR EACH ROW WHEN ((old.state <> ALL (ARRAY['Open'::text, 'Approved'::text]))) EXECUTE FUNCTION molecule.refuse_change('the approval has ended; how it ended stays');
CREATE TRIGGER audit_is_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON molecule.audit FOR EACH STATEMENT EXECUTE FUNCTION molecule.refuse_change('the audit is append-only');
CREATE TRIGGER audit_is_chained BEFORE INSERT ON molecule.audit FOR EACH ROW EXECUTE FUNCTION molecule.chain_audit();
ALTER TABLE ONLY molecule.approvals
    ADD CONSTRAINT approvals_operation_fkey FOREIGN KEY (operation_id) REFERENCES molecule.operations(id);
ALTER TABLE ONLY molecule.operation_members
    ADD CONSTRAINT operation_members_operation_fkey FOREIGN KEY (operation_id) REFERENCES molecule.operations(id);
ALTER TABLE ONLY molecule.operations
    ADD CONSTRAINT operations_approval_fkey FOREIGN KEY (approval_id) REFERENCES molecule.approvals(id);
ALTER TABLE ONLY molecule.operations
    ADD CONSTRAINT operations_parent_fkey FOREIGN KEY (parent_id) REFERENCES molecule.operations(id);
