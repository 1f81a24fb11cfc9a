import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import TestKit
import Testing

@testable import ControlAPI

/// Keys of principals, over HTTP: made, narrowed, rotated, ended.
struct CredentialTests {
  private static let keys = "/api/v1/api-keys"

  @Test func `a key is shown once and opens what its principal may`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      _ = try await bench.key(of: "ci", .role(.viewer))
      let made = try await call(.post, Self.keys, ["principal": "service:ci"])
      #expect(made.status == 201)
      let key = try #require(made.json["key"]?.string)
      #expect(key.hasPrefix("ghp_\(made.json["id"]?.string ?? "-")_"))
      #expect(try await call(.get, "/api/v1/models", as: key).status == 200)
      let listed = try await call(.get, Self.keys, as: key).json["apiKeys"]?.array ?? []
      #expect(listed.count == 2)
      #expect(!listed.contains { $0["key"] != nil || $0["hash"] != nil })
      let mine = listed.first { $0["id"] == made.json["id"] }
      #expect(mine?["lastUse"]?.string?.hasPrefix("2023-11-14T22:13:20") == true)
    }
    // Neither the key nor what could be tried against it is in the ledger.
    let text = await bench.entries().map(\.json.canonicalText).joined()
    #expect(!text.contains("ghp_"))
  }

  @Test func `a key that is narrowed does no more than it is made for`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      _ = try await bench.key(of: "ci", .role(.operator))
      let body: JSON = ["principal": "service:ci", "rights": ["view"], "models": "iris"]
      let key = try #require(try await call(.post, Self.keys, body).json["key"]?.string)
      #expect(try await call(.get, "/api/v1/models/iris", as: key).status == 404)
      #expect(try await call(.get, "/api/v1/models/other", as: key).status == 403)
      #expect(try await call(.put, "/api/v1/models/iris/aliases/a", as: key, ["version": 1]).status == 403)
      // And makes none that does more, nor gets one out of another by rotating it.
      #expect(try await call(.post, Self.keys, as: key, [:]).code == "access.beyond")
      let whole = try #require(
        try await call(.post, Self.keys, ["principal": "service:ci"]).json["id"]?.string)
      let rotated = try await call(.post, "\(Self.keys)/\(whole)/rotate", as: key)
      #expect(rotated.code == "access.beyond")
      let ended = try await call(.delete, "\(Self.keys)/\(whole)", as: key)
      #expect(ended.code == "access.beyond")
      let own = try #require(key.split(separator: "_").dropFirst().first)
      #expect(try await call(.post, "\(Self.keys)/\(own)/rotate", as: key).status == 201)
    }
  }

  @Test func `a rotated key goes on until the overlap is over`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let former = try await bench.key(of: "ci", .role(.viewer))
      let id = try #require(former.split(separator: "_").dropFirst().first)
      let made = try await call(.post, "\(Self.keys)/\(id)/rotate", as: former, ["overlapSeconds": 60])
      #expect(made.status == 201)
      let next = try #require(made.json["key"]?.string)
      for key in [former, next] { #expect(try await call(.get, "/api/v1/models", as: key).status == 200) }
      bench.time.advance(by: .seconds(61))
      #expect(try await call(.get, "/api/v1/models", as: former).status == 401)
      #expect(try await call(.get, "/api/v1/models", as: next).status == 200)
    }
  }

  @Test func `a key that has expired or was revoked opens nothing`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      _ = try await bench.key(of: "ci", .role(.viewer))
      let short = try await call(.post, Self.keys, ["principal": "service:ci", "expires": "1h"]).json
      let revoked = try await call(.post, Self.keys, ["principal": "service:ci"]).json
      #expect(try await call(.delete, "\(Self.keys)/\(revoked["id"]?.string ?? "")").status == 204)
      #expect(try await call(.get, "/api/v1/models", as: revoked["key"]?.string).status == 401)
      #expect(try await call(.get, "/api/v1/models", as: short["key"]?.string).status == 200)
      bench.time.advance(by: .seconds(3600))
      #expect(try await call(.get, "/api/v1/models", as: short["key"]?.string).status == 401)
    }
    #expect(await bench.entries().contains { $0.details["code"] == "auth.key-ended" })
  }

  @Test func `nobody makes or ends a key of somebody else without the right`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let ci = try await bench.key(of: "ci", .role(.operator))
      let other = try await bench.key(of: "other", .role(.admin))
      let id = try #require(other.split(separator: "_").dropFirst().first)
      #expect(try await call(.post, Self.keys, as: ci, ["principal": "service:other"]).status == 403)
      #expect(try await call(.delete, "\(Self.keys)/\(id)", as: ci).status == 403)
      #expect(try await call(.post, "\(Self.keys)/\(id)/rotate", as: ci).status == 403)
      #expect(try await call(.get, "/api/v1/models", as: other).status == 200)
    }
  }

  @Test func `nobody grants what they do not have`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let retail = try ProjectName(parsing: "retail")
      try await bench.control.addProject(retail, by: .administrator)
      let scope = Scope(projects: try NamePattern(parsing: "retail"))
      let key = try await bench.key(of: "lead", .rights([.manageAccess, .view]), scope)
      func grant(_ role: String, _ project: String) -> JSON {
        ["principal": "service:lead", "role": .string(role), "scope": ["projects": .string(project)]]
      }
      #expect(
        try await call(.post, "/api/v1/grants", as: key, grant("operator", "retail")).code == "access.beyond")
      #expect(try await call(.post, "/api/v1/grants", as: key, grant("viewer", "*")).code == "access.denied")
      // Nor without the conditions that are theirs.
      let mover = Actor(
        principal: Principal(kind: .service, name: "lead"), credential: .token(provider: "none", words: []))
      let champion = try AliasName(parsing: "champion")
      _ = try await bench.control.addGrant(
        Grant(
          id: "", holder: .principal(mover.principal), gift: .rights([.moveAlias]), scope: scope,
          conditions: .init(exceptAliases: [champion])), by: .administrator)
      let problem = await #expect(throws: Problem.self) {
        try await bench.control.addGrant(
          Grant(id: "", holder: .principal(mover.principal), gift: .rights([.moveAlias]), scope: scope),
          by: mover)
      }
      #expect(problem?.code == "access.beyond")
      let rights: JSON = ["principal": "service:lead", "rights": ["view"], "scope": ["projects": "retail"]]
      #expect(try await call(.post, "/api/v1/grants", as: key, rights).status == 201)
    }
  }

  @Test func `a right that is taken back while an act waits is gone when its turn comes`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let known = try await bench.control.addService("ci", by: .administrator)
      let grant = try await bench.control.addGrant(
        Grant(id: "", holder: .principal(known.principal), gift: .role(.operator), scope: .everything),
        by: .administrator)
      let actor = Actor(principal: known.principal, credential: .token(provider: "", words: []))
      #expect(try await bench.control.rules.allow(.deploy, on: .platform, actor))
      // Both wait in the one queue, the end of the right first.
      async let end: Void = bench.control.removeGrant(grant.id, by: .administrator)
      try await end
      let problem = await #expect(throws: Problem.self) {
        try await bench.control.limitDeployment(Sample.name(), to: .none, by: actor)
      }
      #expect(problem?.code == "access.denied")
    }
  }

  @Test func `a person is known by a handle, and forgotten`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let made = try await call(.post, "/api/v1/principals", ["kind": "person", "name": "ada@example.com"])
      let principal = try #require(made.json["principal"]?.string)
      let listed = try await call(.get, "/api/v1/principals").json["principals"]?.array ?? []
      #expect(listed.map { $0["name"] } == ["ada@example.com"])
      #expect(try await call(.delete, "/api/v1/principals/\(principal)").status == 204)
      #expect(try await call(.delete, "/api/v1/principals/\(principal)").code == "principal.unknown")
    }
    #expect(await bench.people.people().isEmpty)
    let text = await bench.entries().map(\.json.canonicalText).joined()
    #expect(text.contains("add-principal") && !text.contains("ada@"))
  }
}
