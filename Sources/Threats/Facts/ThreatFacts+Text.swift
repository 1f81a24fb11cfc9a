import Domain
import Encoding

extension ThreatFacts {
  /// A fact in a few words, for people; `not known` where nobody knows it.
  public func text(of fact: ThreatFact) -> String {
    known(fact) ?? "not known"
  }

  private func known(_ fact: ThreatFact) -> String? {
    switch fact {
    case .exposure: exposure?.rawValue
    case .dataClass: dataClass?.rawValue
    case .owner: owner?.description
    case .callers: callers?.text
    case .answers: answers?.text
    case .limits: limits?.text
    case .records: records?.text
    case .transport: isEncrypted.map { $0 ? "encrypted" : "not encrypted" }
    case .inspection: inspection?.text
    case .framework: framework.map { "\($0.name.excerpt(60)) \($0.version.excerpt(40))" }
    case .trainingData:
      trainingData.map { data in
        data.sets.isEmpty ? "none was named" : "\(data.sets.count.of("data set")) by digest"
      }
    case .seals: seals?.text
    case .replaced:
      switch replaced {
      case nil: nil
      case .nothing?: "nothing: it is the first"
      case .version(let version)?: "version \(version)"
      }
    case .policy:
      policy.map { $0.gates.isEmpty ? "asks no gates" : "asks \($0.gates.joined(separator: ", "))" }
    case .advisories: advisories?.text
    case .defences: defences?.text
    case .confinement:
      confinement.map { found in
        if found.isComplete { return "confined" }
        return found.lacks.isEmpty
          ? "not confined" : "lacks \(found.lacks.map { $0.excerpt(80) }.joined(separator: "; "))"
      }
    }
  }
}

extension Int {
  /// So many of something, in words.
  func of(_ thing: String) -> String { "\(self) \(thing)\(self == 1 ? "" : "s")" }
}

extension CallerFacts {
  var text: String {
    guard count > 0 else { return "nobody yet" }
    let who = [
      keys == 0 ? nil : keys.of("key"), issuers.isEmpty ? nil : issuers.count.of("issuer") + " of tokens",
    ].compactMap { $0 }.joined(separator: ", ")
    let budget = withoutBudget > 0 ? "\(withoutBudget) without a budget" : "each with a budget"
    return "\(who); \(budget)"
  }
}

extension AnswerFacts {
  var text: String {
    let returned = kinds.isEmpty ? "nothing" : kinds.map(\.rawValue).joined(separator: ", ")
    return "\(returned) of \(features.of("feature"))" + (digits.map { ", to \($0.of("digit"))" } ?? "")
  }
}

extension DeploymentLimits {
  fileprivate var text: String {
    guard let concurrency else { return "no bound on predictions at a time" }
    return "\(concurrency.of("prediction")) at a time"
  }
}

extension RecordsPolicy {
  fileprivate var text: String {
    let rows = payloadMillionths == 0 ? "no rows" : "rows of \(payloadMillionths) in a million calls"
    return "\(rows); when the spool is full \(whenSpoolFull?.rawValue ?? "as the process was started")"
  }
}

extension InspectionFacts {
  var text: String {
    let found = worst.map { "\(rules.count.of("rule")) with findings, the gravest \($0.rawValue)" } ?? "clean"
    return "\(format.excerpt(40)), \(verdict.rawValue), \(found)"
  }
}

extension AdvisoryFacts {
  var text: String {
    let known =
      found.values.max().map {
        "\(found.count) advisor\(found.count == 1 ? "y" : "ies"), the gravest \($0.rawValue)"
      } ?? "none"
    return isFresh ? "\(known) about its parts" : "\(known) about its parts, by ones that are out of date"
  }
}

extension SealFacts {
  /// By whom the bundle is sealed.
  var own: String {
    guard isSealed else { return "by no trusted key" }
    return key.map { "by \($0.prefix(16))" } ?? "by the platform"
  }

  var text: String {
    author.map { "\(own), before by \($0.prefix(16))" } ?? own
  }
}
