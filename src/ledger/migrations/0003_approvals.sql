-- Approvals: one row per attempt to have one operation on one object approved.
CREATE TABLE molecule.approvals (
  id           uuid        NOT NULL DEFAULT gen_random_uuid(),
  subject_uid  text        NOT NULL,
  action       text        NOT NULL,
  subject      text        NOT NULL,
  attempt      integer     NOT NULL,
  state        text        NOT NULL DEFAULT 'Open',
  nonce        text        NOT NULL,
  hash         text,
  opened_at    timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  decided_by   text,
  decided_at   timestamptz,
  operation_id uuid,
  consumed_at  timestamptz,
  CONSTRAINT approvals_pkey PRIMARY KEY (id),
  CONSTRAINT approvals_attempt_key UNIQUE (subject_uid, action, attempt),
  CONSTRAINT approvals_operation_key UNIQUE (operation_id),
  CONSTRAINT approvals_state_check CHECK (
    state IN ('Open', 'Approved', 'Denied', 'Consumed', 'Expired', 'Superseded', 'Withdrawn')
  ),
  CONSTRAINT approvals_decision_check CHECK (
    (decided_by IS NULL) = (decided_at IS NULL)
    AND (state NOT IN ('Approved', 'Denied', 'Consumed') OR (decided_by IS NOT NULL AND hash IS NOT NULL))
  ),
  CONSTRAINT approvals_consumption_check CHECK (
    (state = 'Consumed') = (operation_id IS NOT NULL) AND (state = 'Consumed') = (consumed_at IS NOT NULL)
  )
);

-- Of one operation on one object at most one attempt can be decided or used.
CREATE UNIQUE INDEX approvals_current_key ON molecule.approvals (subject_uid, action)
  WHERE state IN ('Open', 'Approved');

COMMENT ON TABLE molecule.approvals IS 'Attempts to have a destructive operation approved; each is good for one operation, once';
COMMENT ON COLUMN molecule.approvals.subject_uid IS 'metadata.uid of the object that the operation is about';
COMMENT ON COLUMN molecule.approvals.subject IS 'The object for people: kind namespace/name';
COMMENT ON COLUMN molecule.approvals.hash IS 'Of the record that the approver is shown; null before it is bound';
COMMENT ON COLUMN molecule.approvals.operation_id IS 'The operation that the approval was used for';

-- How an attempt ended is not undone by anybody, whatever rights they have on the table.
CREATE FUNCTION molecule.refuse_change() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER approvals_end_is_final BEFORE UPDATE ON molecule.approvals
  FOR EACH ROW WHEN (OLD.state NOT IN ('Open', 'Approved'))
  EXECUTE FUNCTION molecule.refuse_change('the approval has ended; how it ended stays');

CREATE TABLE molecule.askers (
  subject_uid text        NOT NULL,
  asker       text        NOT NULL,
  asked_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT askers_pkey PRIMARY KEY (subject_uid, asker)
);

COMMENT ON TABLE molecule.askers IS 'Who asked for the deletion of an object; none of them can approve it';

ALTER TABLE molecule.operations
  ADD COLUMN approval_id uuid,
  ADD COLUMN parent_id uuid,
  ADD CONSTRAINT operations_approval_key UNIQUE (approval_id),
  ADD CONSTRAINT operations_approval_fkey FOREIGN KEY (approval_id) REFERENCES molecule.approvals (id),
  ADD CONSTRAINT operations_parent_fkey FOREIGN KEY (parent_id) REFERENCES molecule.operations (id);
ALTER TABLE molecule.approvals
  ADD CONSTRAINT approvals_operation_fkey FOREIGN KEY (operation_id) REFERENCES molecule.operations (id);

COMMENT ON COLUMN molecule.operations.approval_id IS 'The approval that was used for it; null where nobody had to be asked, or another operation covers it';
COMMENT ON COLUMN molecule.operations.parent_id IS 'The approved operation that covers it';

CREATE TABLE molecule.operation_members (
  operation_id uuid NOT NULL,
  uid          text NOT NULL,
  subject      text NOT NULL,
  claim_uid    text,
  erase_after  timestamptz,
  CONSTRAINT operation_members_pkey PRIMARY KEY (operation_id, uid),
  CONSTRAINT operation_members_operation_fkey FOREIGN KEY (operation_id) REFERENCES molecule.operations (id)
);

COMMENT ON TABLE molecule.operation_members IS 'Everything that goes under an operation, as its approver was shown';
COMMENT ON COLUMN molecule.operation_members.uid IS 'metadata.uid of the object';
COMMENT ON COLUMN molecule.operation_members.claim_uid IS 'metadata.uid of the PersistentVolumeClaim that goes with it';
COMMENT ON COLUMN molecule.operation_members.erase_after IS 'From then on the volume may be erased; null: never';

CREATE TABLE molecule.snapshots (
  subject_uid text        NOT NULL,
  object      json        NOT NULL,
  kept_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT snapshots_pkey PRIMARY KEY (subject_uid)
);

COMMENT ON TABLE molecule.snapshots IS 'Objects as they were before they were let go, to make them again from';

-- The audit: every change above, in the transaction that makes it. Rows are only added, and each has the hash of the one before
-- in its own, so that none can be changed, left out or moved unseen.
CREATE TABLE molecule.audit (
  seq         bigint      NOT NULL,
  at          timestamptz NOT NULL,
  event       text        NOT NULL,
  subject_uid text        NOT NULL,
  subject     text        NOT NULL,
  actor       text        NOT NULL,
  detail      json        NOT NULL,
  previous    bytea       NOT NULL,
  hash        bytea       NOT NULL,
  CONSTRAINT audit_pkey PRIMARY KEY (seq)
);

COMMENT ON TABLE molecule.audit IS 'Append-only, hash-chained: what was asked, decided, used, destroyed and kept';
COMMENT ON COLUMN molecule.audit.actor IS 'The user who is responsible; empty: the operator by itself';
COMMENT ON COLUMN molecule.audit.previous IS 'hash of the row before; 32 zero bytes in the first';
COMMENT ON COLUMN molecule.audit.hash IS 'sha256 of previous and of seq, at, event, subject_uid, subject, actor and detail, each behind its length';

-- The end of the chain. Its row lock lets one transaction append at a time, and shows when the last rows are missing.
CREATE TABLE molecule.audit_head (
  is_only boolean NOT NULL DEFAULT true,
  seq     bigint  NOT NULL,
  hash    bytea   NOT NULL,
  CONSTRAINT audit_head_pkey PRIMARY KEY (is_only),
  CONSTRAINT audit_head_only_check CHECK (is_only)
);
INSERT INTO molecule.audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

COMMENT ON TABLE molecule.audit_head IS 'The last row of the audit; written by its trigger alone';

-- With the rights of the owner: who may add a row cannot choose its place in the chain.
CREATE FUNCTION molecule.chain_audit() RETURNS trigger
  LANGUAGE plpgsql
  SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
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

CREATE TRIGGER audit_is_chained BEFORE INSERT ON molecule.audit
  FOR EACH ROW EXECUTE FUNCTION molecule.chain_audit();
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON molecule.audit
  FOR EACH STATEMENT EXECUTE FUNCTION molecule.refuse_change('the audit is append-only');

-- Everyday statements run as this role, which can neither rewrite the audit nor change the schema. Who may not create roles gets
-- on without it.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'molecule_ledger') THEN
    CREATE ROLE molecule_ledger NOLOGIN;
  END IF;
EXCEPTION
  -- Another database of this server is being migrated at the same time.
  WHEN duplicate_object OR unique_violation THEN NULL;
  WHEN insufficient_privilege THEN
    RAISE WARNING 'the role molecule_ledger is missing and % may not create it; the operator works with all rights of its login until somebody creates the role before the next installation (docs/ledger.md)', current_user;
END
$$;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'molecule_ledger') THEN
    RETURN;
  END IF;
  GRANT USAGE ON SCHEMA molecule TO molecule_ledger;
  GRANT SELECT ON ALL TABLES IN SCHEMA molecule TO molecule_ledger;
  GRANT INSERT, UPDATE, DELETE ON molecule.identities TO molecule_ledger;
  GRANT INSERT ON molecule.approvals, molecule.askers, molecule.operations, molecule.operation_members,
    molecule.snapshots TO molecule_ledger;
  GRANT UPDATE (state, hash, decided_by, decided_at, operation_id, consumed_at) ON molecule.approvals TO molecule_ledger;
  GRANT UPDATE (approval_id, concluded_at, result) ON molecule.operations TO molecule_ledger;
  GRANT INSERT (event, subject_uid, subject, actor, detail) ON molecule.audit TO molecule_ledger;
END
$$;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'molecule_ledger' AND NOT pg_has_role(current_user, oid, 'MEMBER')) THEN
    GRANT molecule_ledger TO CURRENT_USER;
  END IF;
EXCEPTION
  WHEN insufficient_privilege THEN
    RAISE WARNING '% is not a member of the role molecule_ledger, so that the operator works with all rights of its login; GRANT molecule_ledger TO its login', current_user;
END
$$;
