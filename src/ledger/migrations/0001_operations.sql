-- Destructive operations. The row is there before anything is destroyed; it is concluded when everything is gone.
CREATE TABLE molecule.operations (
  id           uuid        NOT NULL DEFAULT gen_random_uuid(),
  subject_uid  text        NOT NULL,
  action       text        NOT NULL,
  subject      text        NOT NULL,
  detail       jsonb       NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT now(),
  concluded_at timestamptz,
  result       jsonb,
  CONSTRAINT operations_pkey PRIMARY KEY (id),
  -- The lock: whoever records the same operation again, after a crash or from a second process, resumes this one.
  CONSTRAINT operations_subject_action_key UNIQUE (subject_uid, action),
  CONSTRAINT operations_conclusion_check CHECK ((concluded_at IS NULL) = (result IS NULL))
);

COMMENT ON TABLE molecule.operations IS 'Destructive operations: intent first, outcome last';
COMMENT ON COLUMN molecule.operations.subject_uid IS 'metadata.uid of the object that is destroyed';
COMMENT ON COLUMN molecule.operations.subject IS 'The object for people: kind namespace/name';
COMMENT ON COLUMN molecule.operations.detail IS 'What was to be destroyed, as planned when it began';
COMMENT ON COLUMN molecule.operations.result IS 'What happened to it; null while the operation is not finished';
