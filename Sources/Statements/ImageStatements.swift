public import Domain
import Encoding
public import Provenance

/// Who had a version admitted, and when: what the ledger knows of it, and an image does not.
public struct PushAccount: Equatable, Sendable {
  /// Which version.
  public let reference: VersionReference
  /// Who pushed it.
  public let principal: Principal
  /// What ties its entries of the ledger together.
  public let trace: String
  /// When it was inspected, and admitted upon that.
  public let admittedAt: Timestamp

  /// Gives an account of a push.
  public init(reference: VersionReference, principal: Principal, trace: String, admittedAt: Timestamp) {
    self.reference = reference
    self.principal = principal
    self.trace = trace
    self.admittedAt = admittedAt
  }
}

/// How an image came to be packed: what the ledger knows of it.
public struct PackAccount: Equatable, Sendable {
  /// What ties the entries of the packing together in the ledger.
  public let trace: String
  /// When it began; nil where that is not known.
  public let startedAt: Timestamp?
  /// When it was done; nil where that is not known.
  public let finishedAt: Timestamp?
  /// The pushes of the versions in it.
  public let pushes: [PushAccount]

  /// Gives an account of a packing; the order of `pushes` does not matter.
  public init(
    trace: String, startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil, pushes: [PushAccount]
  ) {
    self.trace = trace
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.pushes = pushes.sorted {
      ($0.reference.name, $0.reference.version) < ($1.reference.name, $1.reference.version)
    }
  }
}

extension StatedImage {
  /// What identifies the way images are built, as `docs/statements.md` describes it.
  public static let buildType = "urn:gatehouse:build:serving-image:v1"
  /// Who builds.
  public static let builder = "urn:gatehouse:control-plane"

  /// Everything that is stated of the image, unsigned: its bill, its provenance, and of each bundle what inspection and
  /// what the gates said.
  ///
  /// The same image and account give the same bytes. Throws `statement.no-account` for a bundle whose push `account` has
  /// not.
  public func statements(_ account: PackAccount) throws(Problem) -> [Statement] {
    var statements = [bill, try provenance(account)]
    for bundle in bundles {
      guard let push = account.pushes.first(where: { $0.reference == bundle.manifest.reference }) else {
        throw Problem(
          .badInput, "statement.no-account",
          "expected an account of the push of each version in the image, found none of"
            + " \(bundle.manifest.reference)")
      }
      statements.append(try inspection(of: bundle, at: push.admittedAt))
      statements.append(try gates(of: bundle))
    }
    return statements
  }

  private var subject: Statement.Subject { Statement.Subject(name: name, digest: manifest) }

  /// The image, the bundle and the artifact: what was found of the artifact holds for what was made of it.
  private func subjects(of bundle: StatedBundle) -> [Statement.Subject] {
    let reference = bundle.manifest.reference
    return [
      subject, Statement.Subject(name: "\(reference)", digest: bundle.digest),
      Statement.Subject(name: "\(reference)/artifact", digest: bundle.manifest.artifact),
    ]
  }

  // MARK: Provenance

  /// How the image was made: SLSA provenance v1.
  func provenance(_ account: PackAccount) throws(Problem) -> Statement {
    guard account.pushes.map(\.reference) == bundles.map(\.manifest.reference) else {
      throw Problem(
        .badInput, "statement.no-account",
        "expected an account of the push of each version in the image, and of no other, found"
          + " \(account.pushes.count) for \(bundles.count)")
    }
    var metadata: [String: JSON] = ["invocationId": .string(account.trace)]
    if let time = account.startedAt { metadata["startedOn"] = .string(time.description) }
    if let time = account.finishedAt { metadata["finishedOn"] = .string(time.description) }
    return Statement(
      about: [subject], kind: .provenance,
      predicate: [
        "buildDefinition": [
          "buildType": .string(Self.buildType),
          "externalParameters": ["models": .array(bundles.map(Self.parameters))],
          "internalParameters": ["pushes": .array(account.pushes.map(\.json))],
          "resolvedDependencies": .array(dependencies),
        ],
        "runDetails": [
          "builder": ["id": .string(Self.builder), "version": ["packer": .string(tool)]],
          "metadata": .object(metadata),
        ],
      ])
  }

  private static func parameters(_ bundle: StatedBundle) -> JSON {
    [
      "name": .string(bundle.manifest.name.description), "version": JSON(bundle.manifest.version.value),
      "policy": .string(bundle.manifest.policy.description),
    ]
  }

  private var dependencies: [JSON] {
    var dependencies = [Self.resource("gatehouse-runtime", program)]
    for bundle in bundles {
      let reference = bundle.manifest.reference
      dependencies += [
        Self.resource("\(reference)", bundle.digest),
        Self.resource("\(reference)/artifact", bundle.manifest.artifact),
        Self.resource("\(reference)/policy", bundle.manifest.policy),
      ]
    }
    return dependencies
  }

  private static func resource(_ name: String, _ digest: Digest) -> JSON {
    ["name": .string(name), "digest": ["sha256": .string(digest.hexadecimal)]]
  }

  // MARK: Inspection and gates

  /// What inspection found of the artifact of a bundle: a simple verification result.
  func inspection(of bundle: StatedBundle, at time: Timestamp) throws(Problem) -> Statement {
    Statement(
      about: subjects(of: bundle), kind: .inspection,
      predicate: [
        "verifier": ["id": .string(Self.verifier(bundle.manifest.tool))],
        "timeCreated": .string(time.description),
        "properties": .array(try bundle.verdicts().map { .string($0) }),
        "report": Self.resource(StatedBundle.inspectionPath, bundle.inspectionDigest),
      ])
  }

  /// Who inspected, by the tool and its version, `urn:gatehouse:inspection:0.1.0`.
  private static func verifier(_ tool: String) -> String {
    let version = tool.split(separator: " ").last.map(String.init) ?? tool
    return "urn:gatehouse:inspection:\(version)"
  }

  /// What the gates said: a test result, whose configuration is the policy.
  func gates(of bundle: StatedBundle) throws(Problem) -> Statement {
    let names = try bundle.gateNames()
    return Statement(
      about: subjects(of: bundle), kind: .gates,
      predicate: [
        "result": .string(names.failed.isEmpty ? names.excepted.isEmpty ? "PASSED" : "WARNED" : "FAILED"),
        "configuration": [Self.resource("policy", bundle.manifest.policy)],
        "passedTests": .array(names.passed.map { .string($0) }),
        "warnedTests": .array(names.excepted.map { .string($0) }),
        "failedTests": .array(names.failed.map { .string($0) }),
      ])
  }
}

extension Statement {
  init(about subjects: [Subject], kind: Kind, predicate: JSON) {
    self.init(about: subjects, predicateType: kind.rawValue, predicate: predicate)
  }
}

extension PushAccount {
  fileprivate var json: JSON {
    [
      "model": .string(reference.description), "principal": .string(principal.description),
      "trace": .string(trace), "admittedAt": .string(admittedAt.description),
    ]
  }

  /// Reads what `json` writes; what else stands there is found by comparing.
  init(_ node: DocumentNode) throws(Problem) {
    let model = try node.member("model")
    guard let reference = try? VersionReference(parsing: try model.text()) else {
      throw model.unexpected("a version such as 'iris@3'")
    }
    let person = try node.member("principal")
    guard let principal = Principal(parsing: try person.text()) else {
      throw person.unexpected("a kind and a name such as 'person:ada'")
    }
    self.init(
      reference: reference, principal: principal, trace: try node.member("trace").text(),
      admittedAt: try node.member("admittedAt").time())
  }
}

extension PackAccount {
  /// Reads the account that a provenance gives; what else stands there is found by comparing.
  init(_ provenance: DocumentNode) throws(Problem) {
    let metadata = try provenance.member("runDetails").member("metadata")
    var pushes: [PushAccount] = []
    let parameters = try provenance.member("buildDefinition").member("internalParameters")
    for element in try parameters.member("pushes").elements() { pushes.append(try PushAccount(element)) }
    self.init(
      trace: try metadata.member("invocationId").text(),
      startedAt: try metadata.optional("startedOn")?.time(),
      finishedAt: try metadata.optional("finishedOn")?.time(), pushes: pushes)
  }
}
