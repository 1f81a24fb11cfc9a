import Access
import Domain
import Encoding
import Hummingbird
import HummingbirdTesting
import Lifecycle
import TestKit
import Testing

@testable import ControlAPI

/// Every route against every role.
struct RouteMatrixTests {
  /// What asks for nothing but to be known; what may be done behind it, `CredentialTests` say.
  private static let open: Set = [
    "GET access", "GET projects", "GET status", "GET api-keys", "POST api-keys", "POST api-keys/{id}/rotate",
    "DELETE api-keys/{id}",
  ]

  /// What every other route demands, written down apart from the routes.
  private static let demands: [String: Right] = [
    "GET origins": .audit, "DELETE origins": .manageAccess, "GET principals": .audit,
    "POST principals": .manageAccess,
    "DELETE principals/{principal}": .manageAccess,
    "GET access/history": .audit, "GET grants": .audit, "POST grants": .manageAccess,
    "DELETE grants/{id}": .manageAccess,
    "POST projects": .manageAccess, "PUT models/{name}/project": .manageAccess,
    "GET waiting": .view, "GET models/{name}/versions/{version}/approvals": .view,
    "POST models/{name}/versions/{version}/approvals": .approve,
    "GET models/{name}/versions/{version}/tests": .view,
    "POST models/{name}/versions/{version}/tests": .test,
    "GET models/{name}/versions/{version}/threat-model": .view,
    "PUT models/{name}/versions/{version}/threats/{threat}/decision": .decideThreats,
    "GET models/{name}/versions/{version}/verdict": .view, "GET models/{name}/facts": .view,
    "PUT models/{name}/facts": .push, "GET policies": .view, "GET policies/{digest}": .view,
    "GET exceptions": .view,
    "POST policies": .managePolicy, "POST policies/{digest}/agree": .managePolicy,
    "DELETE policies/{digest}": .managePolicy,
    "GET providers": .audit, "PUT providers": .manageAccess, "DELETE providers": .manageAccess,
    "POST blobs": .push, "HEAD blobs/{digest}": .push, "POST models/{name}/versions": .push,
    "POST models/{name}/versions/{version}/promotions": .deploy,
    "GET models/{name}/versions/{version}/files/{digest}": .deploy,
    "GET models": .view, "GET models/{name}": .view, "GET models/{name}/history": .view,
    "GET models/{name}/account": .view,
    "GET models/{name}/aliases": .view, "PUT models/{name}/aliases/{alias}": .moveAlias,
    "DELETE models/{name}/aliases/{alias}": .moveAlias,
    "POST models/{name}/versions/{version}/revoke": .revoke,
    "GET repaves": .view, "POST repaves": .deploy, "PUT repaves/schedule": .deploy,
    "DELETE repaves/schedule": .deploy,
    "POST deployments/{name}/roll-outs": .deploy, "POST deployments/{name}/roll-back": .deploy,
    "GET deployments/{name}/roll-outs": .view, "POST deployments/{name}/roll-outs/approve": .approve,
    "POST deployments/{name}/roll-outs/undo": .deploy, "POST deployments/{name}/roll-outs/finish": .deploy,
    "GET deployments/{name}/roll-out-plan": .view, "PUT deployments/{name}/roll-out-plan": .deploy,
    "DELETE deployments/{name}/roll-out-plan": .deploy,
    "PUT deployments": .view, "GET deployments/{name}/desired": .view,
    "GET deployments/{name}/shares": .view, "PUT deployments/{name}/shares": .deploy,
    "DELETE deployments/{name}/shares": .deploy,
    "GET deployments": .view, "GET deployments/{name}/keys": .view,
    "POST deployments/{name}/keys": .issueKeys,
    "DELETE keys/{id}": .issueKeys, "PUT deployments/{name}/limits": .deploy,
    "GET deployments/{name}/records": .view, "PUT deployments/{name}/records": .deploy,
    "GET deployments/{name}/defences": .view, "PUT deployments/{name}/defences": .deploy,
    "GET deployments/{name}/watch": .view, "PUT deployments/{name}/watch": .deploy,
    "POST feedback": .giveFeedback, "GET deployments/{name}/feedback": .view,
    "PUT deployments/{name}/feedback": .deploy,
    "GET issuers": .audit, "PUT issuers": .manageIssuers, "DELETE issuers/{id}": .manageIssuers,
    "GET quarantine": .investigate, "GET ledger": .audit, "GET log/checkpoint": .audit,
    "GET log/tile/**": .audit, "GET ledger/{index}/proof": .audit, "GET ledger/checkpoint": .audit,
    "GET registry": .view, "POST registry/collections": .collect,
    "GET seal-keys": .view, "POST seal-keys": .manageSeals, "POST seal-keys/rotate": .manageSeals,
    "POST seal-keys/reseal": .manageSeals, "POST seal-keys/{hint}/retire": .manageSeals,
    "POST seal-keys/{hint}/revoke": .manageSeals, "GET revocations": .view,
    "POST revocations/export": .manageSeals,
    "GET advisories": .view, "POST advisories": .manageAdvisories, "GET advisories/affected": .view,
    "GET advisories/records/{id}": .view,
    "GET witnesses": .audit, "POST witnesses": .manageSeals, "DELETE witnesses": .manageSeals,
    "GET webhooks": .audit, "POST webhooks": .manageWebhooks, "DELETE webhooks/{id}": .manageWebhooks,
    "GET deployments/{name}/diagnosis": .view,
    "GET alerts": .view, "GET alerts/{id}": .view, "POST alerts/{id}/acknowledgement": .deploy,
    "GET alerts/rules": .view, "POST alerts/rules": .deploy, "GET alerts/silences": .view,
    "POST alerts/silences": .deploy, "DELETE alerts/silences/{id}": .deploy,
    "GET receivers": .audit, "POST receivers": .manageWebhooks, "DELETE receivers/{name}": .manageWebhooks,
    "GET webhooks/{id}/deliveries": .audit, "POST webhooks/{id}/deliveries/{index}": .manageWebhooks,
  ]

  private static func routes(_ bench: ControlBench) -> [(method: HTTPRequest.Method, path: String)] {
    bench.server.router().routes.map { ($0.method, $0.path.description) }
  }

  /// The route as `demands` names it.
  private static func name(_ method: HTTPRequest.Method, _ path: String) -> String {
    let parts = path.split(separator: "/").dropFirst(2).map { String($0) }
    return "\(method) \(parts.joined(separator: "/"))"
  }

  /// A path that the route answers; nothing is behind it.
  private static func example(of path: String) -> String {
    let values = [
      "name": "iris", "alias": "champion", "version": "1", "digest": "\(Sample.digest(1))",
      "id": "000000000000",
      "hint": "00", "threat": "ML05", "principal": "service:nobody", "index": "0",
    ]
    return path.split(separator: "/").map { part in
      "/" + (part.hasPrefix("{") ? values[String(part.dropFirst().dropLast()), default: "x"] : String(part))
    }.joined()
  }

  @Test func `every route is in the matrix, and the matrix has no other`() throws {
    let bench = try ControlBench()
    let found = Self.routes(bench).filter { $0.path != "/health" }.map(Self.name)
    #expect(Set(found) == Self.open.union(Self.demands.keys))
    #expect(found.count == Self.open.count + Self.demands.count)
    #expect(found.count > 50)
  }

  @Test func `unauthenticated access reaches nothing but health`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      for (method, path) in Self.routes(bench) {
        let example = Self.example(of: path)
        for token in [nil, "wrong", "", "ghp_000000000000_00", "eyJhbGciOiJub25lIn0.e30."] {
          let answer = try await call(method, example, as: token)
          #expect(answer.status == (path == "/health" ? 200 : 401), "\(method) \(path)")
        }
      }
    }
  }

  @Test(arguments: [nil] + Role.allCases)
  func `every route refuses a role that lacks its right, and says which`(role: Role?) async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let key = try await bench.key(of: "somebody", role.map { .role($0) })
      for (method, path) in Self.routes(bench) where path != "/health" {
        let demand = Self.demands[Self.name(method, path)]
        let answer = try await call(method, Self.example(of: path), as: key, method == .get ? nil : [:])
        #expect(answer.status != 500 && answer.status != 401, "\(method) \(path): \(answer)")
        guard let demand else { continue }
        let mayPass = role?.rights.contains(demand) ?? false
        // What somebody may not for another reason than a right is said with another code.
        let isDenied = answer.status == 403 && (method == .head || answer.code == "access.denied")
        #expect(
          isDenied == !mayPass, "\(method) \(path) as \(role?.rawValue ?? "nobody"): \(answer)")
        if !mayPass, method != .head {
          #expect(answer.code == "access.denied")
          #expect(answer.message?.contains("'\(demand.rawValue)'") == true)
        }
      }
    }
  }

  @Test func `a refusal is in the ledger with who asked for what and lacks which right`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let key = try await bench.key(of: "looker", .role(.viewer))
      _ = try await call(.put, "/api/v1/models/iris/aliases/champion", as: key, ["version": 1])
    }
    let entry = try #require(await bench.entries().last)
    #expect(entry.act == .request)
    #expect(entry.phase == .failed)
    #expect(entry.principal == Principal(kind: .service, name: "looker"))
    #expect(entry.subject == "PUT /api/v1/models/{name}/aliases/{alias}")
    #expect(entry.details["object"] == "alias 'iris@champion'")
    #expect(entry.details["code"] == "access.denied")
    #expect(entry.details["right"] == "move-alias")
  }

  @Test func `a role on one model opens that model alone, and lists have nothing of others`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let mine = Scope(models: try NamePattern(parsing: "mine*"))
      let key = try await bench.key(of: "team", .role(.operator), mine)
      #expect(try await call(.get, "/api/v1/models/mine-1", as: key).code == "model.unknown")
      #expect(try await call(.get, "/api/v1/models/other", as: key).code == "access.denied")
      #expect(try await call(.put, "/api/v1/models/other/aliases/a", as: key, ["version": 1]).status == 403)
      #expect(try await call(.get, "/api/v1/ledger", as: key).status == 403)
      #expect(try await call(.get, "/api/v1/models", as: key).status == 200)
    }
  }
}
