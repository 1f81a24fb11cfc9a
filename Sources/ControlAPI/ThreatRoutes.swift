import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle
import Threats

/// The threats of versions, and what becomes of them.
struct ThreatRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("models/:name/versions/:version/threat-model", .model(.view), use: model)
    routes.put(
      "models/:name/versions/:version/threats/:threat/decision", .model(.decideThreats), use: decide)
  }

  /// `GET /api/v1/models/{name}/versions/{version}/threat-model[?at=push]`: its threats now, or as they were when it was made;
  /// as Markdown where that is what is accepted.
  @Sendable private func model(_ request: Request, _ context: ControlContext) async throws -> Response {
    let reference = try context.versionReference()
    let model: ThreatModel
    switch request.uri.queryParameters.get("at") {
    case nil: model = try await control.threatModel(of: reference)
    case "push"?: model = try await control.firstThreatModel(of: reference)
    case let found?:
      throw Problem(
        .badInput, "request.parameter", "expected 'push' as 'at', found '\(String(found).excerpt(40))'",
        hint: "leave it out for the threats as they are now")
    }
    let reasons = try await control.reasons(in: model)
    guard request.headers[.accept]?.contains("text/markdown") == true else {
      return .json(.ok, shown(model, reasons))
    }
    return .document(.ok, "text/markdown; charset=utf-8", Array(model.markdown(reasons: reasons).utf8))
  }

  /// `PUT /api/v1/models/{name}/versions/{version}/threats/{id}/decision` with `{"choice","owner","reason","until"}`, of which
  /// the last may be left out: what has become of the threat, and how many are open still.
  @Sendable private func decide(_ request: Request, _ context: ControlContext) async throws -> Response {
    let reference = try context.versionReference()
    let id = try ThreatID(parsing: context.parameter("threat"))
    let body = try await request.json()
    try body.requireMembers(["choice", "owner", "reason", "until"])
    let fields = RecordFields(body, "decision", code: "threat-decision.malformed")
    guard let choice = try fields.word("choice", ThreatDecision.Choice.self) else {
      throw Problem(
        .badInput, "threat-decision.malformed",
        "expected accept, mitigate or transfer as 'choice', found nothing",
        position: "/choice")
    }
    let owner = try body.text("owner")
    guard let principal = Principal(parsing: owner) else { throw Problem.malformedPrincipal(owner) }
    let wish = ThreatWish(
      choice: choice, owner: principal, reason: try body.text("reason"),
      until: fields.has("until") ? try end(parsing: body.text("until")) : nil)
    let model = try await control.decide(wish, on: id, of: reference, by: context.requireActor())
    let document = shown(model, try await control.reasons(in: model))
    let threat = document["threats"]?.array?.first { $0["id"] == .string(id.description) }
    return .json(.ok, ["threat": threat ?? .null, "open": document["open"] ?? .null])
  }

  /// A day, to its end, or a moment as keys have it.
  private func end(parsing text: String) throws(Problem) -> Timestamp {
    if let day = CalendarDay(parsing: text) {
      return Timestamp(milliseconds: day.start.milliseconds + 86_400_000)
    }
    return try KeyTerms.moment(parsing: text, from: control.now())
  }

  /// The document, with the reasons of its decisions that are not erased.
  private func shown(_ model: ThreatModel, _ reasons: [Digest: String]) -> JSON {
    var members = model.json.object ?? [:]
    members["reasons"] = .object(
      Dictionary(uniqueKeysWithValues: reasons.map { ($0.key.description, .string($0.value)) }))
    return .object(members)
  }
}
