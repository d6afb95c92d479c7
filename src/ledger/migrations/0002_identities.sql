-- Who holds an id, for the whole cluster. An id has one holder at a time; a dead one may be succeeded.
CREATE TABLE molecule.identities (
  id         text        NOT NULL,
  kind       text        NOT NULL,
  holder_uid text        NOT NULL,
  holder     text        NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT identities_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE molecule.identities IS 'Ids of Orgs and Workspaces: who holds each of them';
COMMENT ON COLUMN molecule.identities.kind IS 'Kind of the object that is named by the id';
COMMENT ON COLUMN molecule.identities.holder_uid IS 'metadata.uid of the object that holds the id; for a platform agent, of its Org';
COMMENT ON COLUMN molecule.identities.holder IS 'The object for people: namespace/name';
