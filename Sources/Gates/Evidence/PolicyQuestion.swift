import Documents
public import Domain
public import Encoding
import Provenance

/// A question that a policy has somebody else answer, such as an Open Policy Agent.
///
/// The engine asks nobody: whoever evaluates posts `body` to `url`, and hands the answer in as evidence.
public struct PolicyQuestion: Equatable, Sendable {
  /// Where to ask.
  public let url: String
  /// What to send: canonical JSON, `{"input": …}`, as OPA's data API takes it.
  public let body: [UInt8]
  /// How long to wait, in milliseconds.
  public let milliseconds: Int64
  /// The line of the gate in the policy.
  public let line: Int

  /// What an answer names its question by: it changes with every fact that was sent.
  public var digest: Digest { Digest(of: Array(url.utf8) + [0x0A] + body) }
}

/// What was answered to a question.
public struct PolicyAnswer: Equatable, Sendable {
  /// The digest of the question.
  public let question: Digest
  /// The document that came back, `{"result": true}`.
  public let document: JSON

  /// Takes an answer to a question.
  public init(to question: PolicyQuestion, document: JSON) {
    self.question = question.digest
    self.document = document
  }
}

extension AdmissionEvidence {
  /// What is known, as another decision point reads it; what is not known is left out.
  ///
  /// Without the present moment and without answers: the same facts have to make the same question.
  public var json: JSON {
    var members: [String: JSON] = [:]
    members["model"] = model.map { .string($0.description) }
    members["version"] = version.map { JSON($0.value) }
    members["digest"] = digest.map { .string($0.description) }
    members["project"] = project.map { .string($0) }
    members["dataClass"] = dataClass.map { .string($0.rawValue) }
    members["exposure"] = exposure.map { .string($0.rawValue) }
    members["environment"] = environment.map { .string($0.description) }
    members["author"] = author.map { .string($0.description) }
    members["format"] = format.map { .string($0) }
    members["framework"] = framework.map { .string($0) }
    members["frameworkVersion"] = frameworkVersion.map { .string($0) }
    members["verdict"] = verdict.map { .string($0.rawValue) }
    members["findings"] = findings.map { .array($0.map(\.json)) }
    members["modelBytes"] = modelBytes.map { JSON($0) }
    members["imageBytes"] = imageBytes.map { JSON($0) }
    members["promotion"] = promotion?.json
    members["seals"] = seals.map { .array($0.map(\.json)) }
    members["approvals"] = approvals.map { .array($0.map(\.json)) }
    members["advisories"] = advisories.map { .array($0.map(\.json)) }
    members["advisorySource"] = advisorySource?.json
    members["tests"] = tests?.json
    members["openThreats"] = openThreats.map { threats in
      .object(Dictionary(uniqueKeysWithValues: threats.map { ($0.key.rawValue, JSON($0.value)) }))
    }
    members["trainingData"] = trainingData.map { .array($0.map(\.json)) }
    members["oldestProcess"] = oldestProcess.map { .string($0.description) }
    members["deployer"] = deployer?.json
    return .object(members)
  }
}

extension SealEvidence {
  fileprivate var json: JSON { ["hint": .string(hint), "name": name.map { .string($0) } ?? .null] }
}

extension PromotionEvidence {
  fileprivate var json: JSON {
    [
      "from": .string(from.description), "key": .string(key), "at": .string(at.description),
      "servedSeconds": .integer(servedFor / 1000),
    ]
  }
}

extension RoleHolder {
  fileprivate var json: JSON {
    ["principal": .string(principal.description), "roles": .array(roles.sorted().map { .string($0) })]
  }
}

extension Approval {
  fileprivate var json: JSON {
    [
      "by": by.json, "digest": .string(digest.description), "policy": .string(policy.description),
    ]
  }
}

extension Advisory {
  fileprivate var json: JSON {
    [
      "id": .string(id), "component": .string(component), "severity": .string(severity.rawValue),
      "published": published.map { .string($0.description) } ?? .null,
      "aliases": .array(aliases.map { .string($0) }), "fixes": .array(fixes.map { .string($0) }),
    ]
  }
}

extension AdvisorySource {
  fileprivate var json: JSON {
    [
      "digest": .string(digest.description),
      "newest": newest.map { .string($0.description) } ?? .null,
    ]
  }
}

extension TestEvidence {
  fileprivate var json: JSON {
    [
      "passed": .bool(passed), "metrics": .array(metrics.map(\.json)),
      "champion": championJSON,
    ]
  }

  private var championJSON: JSON {
    switch champion {
    case nil: .null
    case Champion.none?: "none"
    case .metrics(let metrics)?: .array(metrics.map(\.json))
    }
  }
}

extension Metric {
  fileprivate var json: JSON {
    ["name": .string(name), "slice": slice.map { .string($0) } ?? .null, "value": .number(value)]
  }
}

extension TrainingDataEvidence {
  fileprivate var json: JSON {
    ["name": .string(name), "newest": newest.map { .string($0.description) } ?? .null]
  }
}
