import Domain
import Encoding
import GRDB

// The rows of what was set for deployments, and of issuers.

extension RegistryRows {
  static func settings(_ database: Database) throws -> [DeploymentSettings] {
    try rows(database, "deployment_policies", "SELECT * FROM deployment_policies ORDER BY name") { row in
      DeploymentSettings(
        deployment: try row.name("name"),
        policy: try row.parsed("policy", "a policy") { (json) throws(Problem) in
          try DeploymentPolicy(json: json)
        },
        since: try row.moment("since"))
    }
  }

  static func set(_ settings: DeploymentSettings, _ database: Database) throws {
    let name = settings.deployment
    try require(
      deployments(database).contains { $0.name == name }, "the name of a deployment", name.description)
    try database.execute(
      sql: """
        INSERT INTO deployment_policies VALUES (?, ?, ?) ON CONFLICT (name)
        DO UPDATE SET policy = excluded.policy, since = excluded.since
        """,
      arguments: [name.description, settings.policy.json.canonicalText, settings.since.milliseconds])
  }

  static func issuers(_ database: Database) throws -> [ConfiguredIssuer] {
    try rows(database, "issuers", "SELECT * FROM issuers ORDER BY url") { row in
      let issuer = try row.parsed("settings", "an issuer") { (json) throws(Problem) in
        try TokenIssuer(json: json)
      }
      try require(issuer.url == row.text("url"), "settings of the issuer", issuer.url)
      return ConfiguredIssuer(issuer: issuer, since: try row.moment("since"))
    }
  }

  static func set(_ configured: ConfiguredIssuer, _ database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO issuers VALUES (?, ?, ?) ON CONFLICT (url)
        DO UPDATE SET settings = excluded.settings, since = excluded.since
        """,
      arguments: [
        configured.issuer.url, configured.issuer.json.canonicalText, configured.since.milliseconds,
      ])
  }

  static func removeIssuer(_ url: String, _ database: Database) throws {
    try database.execute(sql: "DELETE FROM issuers WHERE url = ?", arguments: [url])
    try require(database.changesCount == 1, "the URL of an issuer", url)
  }
}
