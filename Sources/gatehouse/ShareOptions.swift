import ArgumentParser
import Documents
import Domain
import Encoding
import Gates

/// The options that say which versions share a deployment.
struct ShareOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which versions answer what share of callers from now on: '3=90%,4=10%'; none for the live one alone.",
      valueName: "shares"))
  var shares: String?

  @Option(
    help: ArgumentHelp(
      "What keeps a caller with one version: key, header (Gatehouse-Affinity), trace (default: key).",
      valueName: "what"))
  var keepCallersBy: String?

  @Option(
    help: ArgumentHelp(
      "Versions that are asked what others answer and answer nobody, with commas between: '5'.",
      valueName: "versions"))
  var shadows: String?

  /// What is to be done to a deployment's shares.
  enum Wish {
    case none
    case arms([TrafficSplit.Arm]?, Sharing.Affinity?, shadows: [VersionNumber])

    /// Has it done; what the server says of the shares then.
    func set(of name: ModelName, by client: ControlClient) async throws -> JSON {
      let path = "/deployments/\(name)/shares"
      switch self {
      case .none:
        try await client.delete(path)
        return ["shares": .null]
      case .arms(let named, let affinity, let shadows):
        var (arms, standard) = (named ?? [], Sharing.Affinity.key)
        if named == nil { (arms, standard) = try await Self.present(name, client) }
        return try await client.put(
          path, try StandingShares(arms, by: affinity ?? standard, shadows: shadows).json)
      }
    }

    /// Who answers now, for whoever names shadows alone.
    private static func present(
      _ name: ModelName, _ client: ControlClient
    ) async throws -> ([TrafficSplit.Arm], Sharing.Affinity) {
      let answer = try await client.get("/deployments/\(name)/shares")
      if let json = answer["shares"], json != .null {
        let shares = try StandingShares(json: json)
        return (shares.arms, shares.affinity)
      }
      let deployments = try await client.get("/deployments")["deployments"]?.array ?? []
      guard let found = deployments.first(where: { $0["name"]?.string == name.description }),
        let version = found["version"]?.int.flatMap({ VersionNumber($0) })
      else {
        throw Problem(.notFound, "deployment.unknown", "expected the name of a deployment, found '\(name)'")
      }
      return ([TrafficSplit.Arm(version: version, share: .whole)], .key)
    }
  }

  /// What the options say; nil where they say nothing.
  func stated() throws -> Wish? {
    guard shares != nil || shadows != nil else {
      guard keepCallersBy == nil else {
        throw Problem(
          .usage, "usage.options", "expected '--shares' beside '--keep-callers-by', found none",
          hint: "add such as '--shares 3=90%,4=10%'")
      }
      return nil
    }
    if shares == "none" {
      guard shadows == nil, keepCallersBy == nil else {
        throw Problem(.usage, "usage.options", "expected '--shares none' alone, found more beside it")
      }
      return Wish.none
    }
    let affinity = try keepCallersBy.map { (text) throws(Problem) in
      if let affinity = Sharing.Affinity(rawValue: text) { return affinity }
      throw Problem(
        .usage, "usage.word",
        "expected one of key, header, trace as '--keep-callers-by', found '\(text.excerpt(40))'")
    }
    let arms = try shares.map { (text) throws(Problem) in
      var arms: [TrafficSplit.Arm] = []
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        let sides = part.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2, let version = try? VersionNumber(parsing: String(sides[0])),
          let share = percentage(String(sides[1]), decimals: 2).flatMap({ BasisPoints($0) })
        else {
          throw Problem(
            .usage, "share.malformed",
            "expected versions and their shares as '--shares', found '\(part.excerpt(40))'",
            hint: "write it like '3=90%,4=10%'")
        }
        arms.append(TrafficSplit.Arm(version: version, share: share))
      }
      return arms
    }
    let asked = try (shadows ?? "").split(separator: ",").map { (text) throws(Problem) in
      try VersionNumber(parsing: String(text))
    }
    return .arms(arms, affinity, shadows: asked)
  }
}
