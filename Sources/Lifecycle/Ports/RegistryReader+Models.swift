public import Domain
public import Gates

extension RegistryReader {
  /// The versions of a model, oldest first; throws `model.unknown` where it has none.
  public func versions(ofKnown name: ModelName) async throws(Problem) -> [ModelVersion] {
    let versions = try await versions(of: name)
    guard versions.isEmpty else { return versions }
    throw Problem(
      .notFound, "model.unknown", "expected the name of a model, found '\(name)'",
      hint: "list them with 'gatehouse models'")
  }

  /// One version of a model; throws `version.unknown`.
  public func version(_ reference: VersionReference) async throws(Problem) -> ModelVersion {
    let versions = try await versions(of: reference.name)
    if let version = versions.first(where: { $0.reference == reference }) { return version }
    throw Problem(
      .notFound, "version.unknown",
      versions.isEmpty
        ? "expected a version of a model, found '\(reference)'"
        : "expected a version of '\(reference.name)' from 1 to \(versions.count), found \(reference.version)",
      subject: reference.description, hint: "list them with 'gatehouse show \(reference.name)'")
  }

  /// The newest image of a version; nil where it has none.
  public func image(of version: VersionReference) async throws(Problem) -> VersionImage? {
    try await images().last { $0.reference == version }
  }

  /// What is said of a model beside its versions.
  public func facts(of model: ModelName) async throws(Problem) -> ModelFacts {
    try ModelFacts(of: model, in: try await governance(.facts, startingWith: model.description))
  }

  /// What people said of a version, for whatever policy.
  public func approvals(of version: VersionReference) async throws(Problem) -> [ApprovalRecord] {
    var all: [ApprovalRecord] = []
    for record in try await governance(.approval, startingWith: "\(version) ") {
      all.append(try ApprovalRecord(json: record.value))
    }
    return all
  }

  /// How the tests of a version went; nil where it had none.
  public func tests(of version: VersionReference) async throws(Problem) -> TestRecord? {
    guard let record = try await record(.tests, version.description) else { return nil }
    return try TestRecord(json: record.value)
  }

  /// The versions that wait for their gates, by name.
  public func waiting() async throws(Problem) -> [WaitingRelease] {
    var all: [WaitingRelease] = []
    for record in try await governance(.waiting, startingWith: "") {
      all.append(try WaitingRelease(json: record.value))
    }
    return all
  }

  /// What a version waits with; nil where it does not wait.
  func waiting(_ version: VersionReference) async throws(Problem) -> WaitingRelease? {
    guard let record = try await record(.waiting, version.description) else { return nil }
    return try WaitingRelease(json: record.value)
  }

  /// The blob that says what threatened a version when it was made; nil where none was written, as by former releases.
  func threatDocument(of version: VersionReference) async throws(Problem) -> Digest? {
    try await record(.threatModel, version.description)?.document
  }

  /// The blob that says what the training data of a version looked like; nil where nobody said.
  func trainingReference(of version: VersionReference) async throws(Problem) -> Digest? {
    try await record(.reference, version.description)?.document
  }

  /// The record of a kind with this id; nil where there is none.
  func record(_ kind: GovernanceRecord.Kind, _ id: String) async throws(Problem) -> GovernanceRecord? {
    try await governance(kind, startingWith: id).first { $0.id == id }
  }

  /// The blobs that are files of policies, in force, former and proposed, the threats of versions as they were, and what their tests
  /// were made of and came to, what their training data looked like, who promoted them, and the advisories and the rules of
  /// alerts in force.
  func governedFiles() async throws(Problem) -> Set<Digest> {
    var digests: Set<Digest> = []
    for record in try await governance(.policy, startingWith: "") {
      digests.insert(try AppliedPolicy(json: record.value).digest)
    }
    for record in try await governance(.proposal, startingWith: "") {
      digests.insert(try PolicyProposal(json: record.value).digest)
    }
    for record in try await governance(.threatModel, startingWith: "") { digests.insert(try record.document) }
    for record in try await governance(.reference, startingWith: "") { digests.insert(try record.document) }
    for record in try await governance(.alertRules, startingWith: "") {
      digests.insert(try AppliedAlertRules(json: record.value).digest)
    }
    for record in try await governance(.advisories, startingWith: "") {
      digests.insert(try ImportedAdvisories(json: record.value).digest)
    }
    for record in try await governance(.promotion, startingWith: "") {
      digests.insert(try PromotionRecord(json: record.value).statement)
    }
    for record in try await governance(.tests, startingWith: "") {
      digests.formUnion(try TestRecord(json: record.value).blobs)
    }
    return digests
  }
}
