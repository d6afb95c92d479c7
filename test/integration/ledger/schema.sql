CREATE SCHEMA molecule;
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
CREATE TABLE molecule.operations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    subject_uid text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    concluded_at timestamp with time zone,
    result jsonb,
    CONSTRAINT operations_conclusion_check CHECK (((concluded_at IS NULL) = (result IS NULL)))
);
COMMENT ON TABLE molecule.operations IS 'Destructive operations: intent first, outcome last';
COMMENT ON COLUMN molecule.operations.subject_uid IS 'metadata.uid of the object that is destroyed';
COMMENT ON COLUMN molecule.operations.subject IS 'The object for people: kind namespace/name';
COMMENT ON COLUMN molecule.operations.detail IS 'What was to be destroyed, as planned when it began';
COMMENT ON COLUMN molecule.operations.result IS 'What happened to it; null while the operation is not finished';
ALTER TABLE ONLY molecule.migrations ALTER COLUMN id SET DEFAULT nextval('molecule.migrations_id_seq'::regclass);
ALTER TABLE ONLY molecule.identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (id);
ALTER TABLE ONLY molecule.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY molecule.operations
    ADD CONSTRAINT operations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY molecule.operations
    ADD CONSTRAINT operations_subject_action_key UNIQUE (subject_uid, action);
