import GRDB

/// The tables of the registry and the ledger, by migrations.
///
/// A migration that has shipped never changes.
enum RegistrySchema {
  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 ledger and registry") { database in
      try database.execute(sql: firstTables)
    }
    migrator.registerMigration("2 segments of access records") { database in
      try database.execute(sql: segmentTables)
    }
    migrator.registerMigration("3 aliases") { database in
      try database.execute(sql: aliasTable)
    }
    migrator.registerMigration("4 terms of keys") { database in
      try database.execute(sql: keyTerms)
    }
    migrator.registerMigration("5 policies of deployments") { database in
      try database.execute(sql: policyTable)
    }
    migrator.registerMigration("6 issuers of tokens") { database in
      try database.execute(sql: issuerTable)
    }
    migrator.registerMigration("7 images of versions") { database in
      try database.execute(sql: imageTable)
    }
    migrator.registerMigration("8 keys of seals and revocations") { database in
      try database.execute(sql: sealKeyTables)
    }
    migrator.registerMigration("9 repositories of images") { database in
      try database.execute(sql: imageTables)
    }
    migrator.registerMigration("10 training data of versions") { database in
      try database.execute(sql: trainingDataColumn)
    }
    migrator.registerMigration("11 tiles and index of the ledger") { database in
      try database.execute(sql: ledgerTables)
      // In the transaction of the migration, a tile or an entry in memory at a time.
      let size = try Int.fetchOne(database, sql: "SELECT size FROM head") ?? 0
      try StoredTiles.extend(from: 0, to: size, database)
      try EntryIndex.build(database)
    }
    migrator.registerMigration("12 who may do what") { database in
      try database.execute(sql: accessTable)
    }
    migrator.registerMigration("13 what must hold and who agreed") { database in
      try database.execute(sql: governanceTable)
    }
    return migrator
  }()

  // Digests are 32 raw bytes, moments milliseconds since 1970. The rows of the registry are the sum of the
  // changes in the ledger's entries; `open_acts` is what of those entries has begun and not ended.
  private static let firstTables = """
    CREATE TABLE entries (
      position INTEGER PRIMARY KEY CHECK (position >= 0),
      bytes BLOB NOT NULL,
      leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32)
    ) STRICT;

    CREATE TABLE head (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      size INTEGER NOT NULL CHECK (size >= 0),
      peaks BLOB NOT NULL,
      checkpoint TEXT NOT NULL
    ) STRICT;

    CREATE TABLE open_acts (
      position INTEGER PRIMARY KEY REFERENCES entries (position),
      trace TEXT NOT NULL,
      act TEXT NOT NULL,
      subject TEXT NOT NULL
    ) STRICT;
    CREATE INDEX open_acts_by_identity ON open_acts (trace, act, subject);

    CREATE TABLE versions (
      name TEXT NOT NULL,
      version INTEGER NOT NULL CHECK (version >= 1),
      bundle BLOB NOT NULL CHECK (length(bundle) = 32),
      artifact BLOB NOT NULL CHECK (length(artifact) = 32),
      policy BLOB NOT NULL CHECK (length(policy) = 32),
      framework TEXT NOT NULL,
      pushed_by TEXT NOT NULL,
      admitted_at INTEGER NOT NULL,
      PRIMARY KEY (name, version),
      UNIQUE (name, version, bundle)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE deployments (
      name TEXT PRIMARY KEY,
      version INTEGER NOT NULL,
      bundle BLOB NOT NULL,
      since INTEGER NOT NULL,
      FOREIGN KEY (name, version, bundle) REFERENCES versions (name, version, bundle)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE prediction_keys (
      position INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      hash BLOB NOT NULL CHECK (length(hash) = 32),
      deployment TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      revoked_at INTEGER
    ) STRICT;

    CREATE TABLE quarantine (
      position INTEGER PRIMARY KEY,
      artifact BLOB NOT NULL CHECK (length(artifact) = 32),
      name TEXT NOT NULL,
      verdict TEXT NOT NULL,
      pushed_by TEXT NOT NULL,
      refused_at INTEGER NOT NULL,
      UNIQUE (artifact, name)
    ) STRICT;
    """

  // The hashes of a tile one after another: of level 0 all 256, of the levels above as many as there are.
  private static let ledgerTables = """
    CREATE TABLE tiles (
      level INTEGER NOT NULL CHECK (level >= 0),
      place INTEGER NOT NULL CHECK (place >= 0),
      hashes BLOB NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
      PRIMARY KEY (level, place)
    ) STRICT;

    CREATE TABLE entry_index (
      position INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      latest INTEGER NOT NULL CHECK (latest >= at),
      act TEXT NOT NULL,
      principal TEXT NOT NULL,
      model TEXT,
      refused INTEGER NOT NULL CHECK (refused IN (0, 1))
    ) STRICT;
    CREATE INDEX entries_by_model ON entry_index (model) WHERE model IS NOT NULL;
    CREATE INDEX entries_by_principal ON entry_index (principal);
    CREATE INDEX entries_by_act ON entry_index (act);
    CREATE INDEX entries_by_latest ON entry_index (latest);
    CREATE INDEX entries_refused ON entry_index (position) WHERE refused = 1;
    """

  private static let segmentTables = """
    CREATE TABLE segments (
      name TEXT PRIMARY KEY,
      root BLOB NOT NULL CHECK (length(root) = 32),
      lines INTEGER NOT NULL CHECK (lines >= 0),
      records INTEGER NOT NULL CHECK (records >= 0),
      lost INTEGER NOT NULL CHECK (lost >= 0),
      first_at INTEGER,
      last_at INTEGER CHECK (first_at <= last_at AND (first_at IS NULL) = (last_at IS NULL)),
      bytes INTEGER NOT NULL CHECK (bytes >= 0),
      kept_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE damaged_segments (
      position INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      digest BLOB NOT NULL CHECK (length(digest) = 32),
      bytes INTEGER NOT NULL CHECK (bytes >= 0),
      code TEXT NOT NULL,
      set_aside_at INTEGER NOT NULL,
      UNIQUE (name, digest)
    ) STRICT;
    """

  private static let aliasTable = """
    CREATE TABLE aliases (
      name TEXT NOT NULL,
      alias TEXT NOT NULL,
      version INTEGER NOT NULL,
      bundle BLOB NOT NULL,
      since INTEGER NOT NULL,
      PRIMARY KEY (name, alias),
      FOREIGN KEY (name, version, bundle) REFERENCES versions (name, version, bundle)
    ) STRICT, WITHOUT ROWID;
    """

  // The policy is its canonical JSON, as the ledger has it.
  private static let policyTable = """
    CREATE TABLE deployment_policies (
      name TEXT PRIMARY KEY REFERENCES deployments (name),
      policy TEXT NOT NULL,
      since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """

  // The settings are their canonical JSON, as the ledger has it.
  private static let issuerTable = """
    CREATE TABLE issuers (
      url TEXT PRIMARY KEY,
      settings TEXT NOT NULL,
      since INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """

  // The trusted keys are a JSON array of their PEM texts.
  private static let imageTable = """
    CREATE TABLE images (
      position INTEGER PRIMARY KEY,
      manifest BLOB NOT NULL UNIQUE CHECK (length(manifest) = 32),
      name TEXT NOT NULL,
      version INTEGER NOT NULL,
      bundle BLOB NOT NULL,
      program BLOB NOT NULL CHECK (length(program) = 32),
      trusted TEXT NOT NULL,
      tool TEXT NOT NULL,
      packed_at INTEGER NOT NULL,
      FOREIGN KEY (name, version, bundle) REFERENCES versions (name, version, bundle)
    ) STRICT;
    """

  // One key is active at most.
  private static let sealKeyTables = """
    CREATE TABLE seal_keys (
      position INTEGER PRIMARY KEY,
      hint TEXT NOT NULL UNIQUE CHECK (length(hint) = 64),
      pem TEXT NOT NULL,
      curve TEXT NOT NULL,
      own INTEGER NOT NULL CHECK (own IN (0, 1)),
      added_at INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('active', 'trusted', 'retired', 'revoked')),
      changed_at INTEGER NOT NULL,
      reason TEXT,
      CHECK (own = 1 OR state <> 'active')
    ) STRICT;
    CREATE UNIQUE INDEX active_seal_key ON seal_keys (state) WHERE state = 'active';

    CREATE TABLE revoked_versions (
      position INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      version INTEGER NOT NULL,
      bundle BLOB NOT NULL,
      reason TEXT NOT NULL,
      revoked_at INTEGER NOT NULL,
      UNIQUE (name, version),
      FOREIGN KEY (name, version, bundle) REFERENCES versions (name, version, bundle)
    ) STRICT;
    """

  private static let imageTables = """
    CREATE TABLE manifests (
      repository TEXT NOT NULL,
      digest BLOB NOT NULL CHECK (length(digest) = 32),
      media_type TEXT NOT NULL,
      size INTEGER NOT NULL CHECK (size >= 0),
      subject BLOB CHECK (length(subject) = 32),
      artifact_type TEXT,
      pushed_by TEXT NOT NULL,
      pushed_at INTEGER NOT NULL,
      PRIMARY KEY (repository, digest)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX manifests_by_subject ON manifests (repository, subject);

    CREATE TABLE tags (
      repository TEXT NOT NULL,
      tag TEXT NOT NULL,
      manifest BLOB NOT NULL,
      since INTEGER NOT NULL,
      PRIMARY KEY (repository, tag),
      FOREIGN KEY (repository, manifest) REFERENCES manifests (repository, digest)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tags_by_manifest ON tags (repository, manifest);
    """

  // The data sets are their canonical JSON, as the ledger has it.
  private static let trainingDataColumn = """
    ALTER TABLE versions ADD COLUMN training_data TEXT NOT NULL DEFAULT '[]';
    """

  // The value is canonical JSON, as the ledger has it.
  private static let accessTable = """
    CREATE TABLE rights (
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;
    """

  // The value is canonical JSON, as the ledger has it.
  private static let governanceTable = """
    CREATE TABLE governance (
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;
    """

  private static let keyTerms = """
    ALTER TABLE prediction_keys ADD COLUMN expires_at INTEGER;
    ALTER TABLE prediction_keys ADD COLUMN rate INTEGER CHECK (rate >= 1);
    ALTER TABLE prediction_keys ADD COLUMN burst INTEGER CHECK (burst >= 1);
    ALTER TABLE prediction_keys ADD COLUMN daily INTEGER CHECK (daily >= 1);
    """
}
