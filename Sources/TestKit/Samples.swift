public import Access
public import Domain
public import Encoding
public import Provenance

/// Records for tests, each valid, each different for another number.
public enum Sample {
  /// A name; unlike the parsing initialiser it traps on a malformed one.
  public static func name(_ text: String = "iris") -> ModelName {
    guard let name = try? ModelName(parsing: text) else { preconditionFailure("no model name: \(text)") }
    return name
  }

  /// A digest that nothing but this number gives.
  public static func digest(_ number: Int) -> Digest { Digest(of: "sample \(number)".utf8) }

  /// The head of a static program in ELF for x86-64, which is all that packing looks at, and so many bytes behind it.
  public static func program(_ count: Int = 1000) -> [UInt8] {
    [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 11) + [0x3E, 0]
      + [UInt8](repeating: 0, count: 44) + [UInt8](repeating: 7, count: count)
  }

  /// What a bundle of a version says of itself, `iris@3`.
  public static func manifest(_ text: String) throws(Problem) -> Manifest {
    let reference = try VersionReference(parsing: text)
    return Manifest(
      name: reference.name, version: reference.version, signature: [:], artifact: digest(1),
      framework: "scikit-learn", frameworkVersion: "1.9.1", estimator: "LogisticRegression",
      tool: "gatehouse test", policy: digest(2))
  }

  /// A sealed bundle of a version with its manifest and these files; no model is in it.
  public static func bundle(
    _ text: String, sealedBy key: SealingKey, _ files: [BundleFile] = []
  ) throws(Problem) -> SealedBundle {
    let manifest = BundleFile(path: Manifest.path, bytes: try manifest(text).canonicalBytes)
    return try UnsealedBundle(files: [manifest] + files).sealed(with: key, name: text)
  }

  /// A moment, `number` milliseconds after the sample epoch.
  public static func moment(_ number: Int = 0) -> Timestamp {
    Timestamp(milliseconds: 1_700_000_000_000 + Int64(number))
  }

  /// A person who acts.
  public static let principal = Principal(kind: .person, name: "ada")

  /// The same person, who may do everything.
  public static let actor = Actor(principal: principal, credential: .administrator)

  /// An entry for the ledger.
  public static func entry(
    _ act: Act = .push, _ phase: ActPhase = .done, subject: String = "iris", trace: String = "trace-1",
    details: [String: JSON] = [:]
  ) -> LedgerEntry {
    LedgerEntry(
      time: moment(), principal: principal, act: act, phase: phase, subject: subject, trace: trace,
      details: details)
  }

  /// What a version was trained with: of an even one nobody said.
  private static func trainingData(_ number: Int) -> TrainingData {
    guard number % 2 == 1, let one = try? DataSet(name: "train \(number).csv", digest: digest(8000 + number)),
      let two = try? DataSet(name: "\"more\"", digest: digest(9000 + number)),
      let data = try? TrainingData([one, two])
    else { return .unstated }
    return data
  }

  /// A version, from 1, of a model.
  public static func version(_ number: Int, of model: ModelName = name()) -> ModelVersion {
    ModelVersion(
      reference: VersionReference(name: model, version: versionNumber(number)), bundle: digest(number),
      artifact: digest(1000 + number), policy: digest(0), framework: "scikit-learn 1.9.1",
      pushedBy: principal, admittedAt: moment(number), trainingData: trainingData(number))
  }

  /// An image of `version(number, of: model)`.
  public static func image(_ version: Int, of model: ModelName = name(), number: Int) -> VersionImage {
    VersionImage(
      reference: VersionReference(name: model, version: versionNumber(version)), bundle: digest(version),
      manifest: digest(6000 + number), program: digest(7000), trusted: ["key \(number)", "key \"2\""],
      tool: "gatehouse test", packedAt: moment(number))
  }

  /// A deployment of `version(number, of: model)`.
  public static func deployment(_ number: Int, of model: ModelName = name()) -> Deployment {
    Deployment(
      name: model, version: versionNumber(number), bundle: digest(number), since: moment(number))
  }

  /// An alias of `version(number, of: model)`.
  public static func alias(_ text: String, _ number: Int, of model: ModelName = name()) -> Alias {
    guard let name = try? AliasName(parsing: text) else { preconditionFailure("no alias: \(text)") }
    return Alias(
      model: model, name: name, version: versionNumber(number), bundle: digest(number), since: moment(number))
  }

  /// A key in force.
  public static func key(
    _ number: Int, for model: ModelName = name(), terms: KeyTerms = .unbounded
  ) -> PredictionKey {
    PredictionKey(
      id: "key-\(number)", hash: digest(2000 + number), deployment: model, createdAt: moment(number),
      terms: terms)
  }

  /// An issuer whose tokens are taken; its key set is none.
  public static func issuer(_ number: Int, leeway: Int = 30) -> ConfiguredIssuer {
    guard
      let issuer = try? TokenIssuer(
        url: "https://issuer-\(number).example", audiences: ["gatehouse"], algorithms: [.es256, .rs256],
        leeway: leeway, limits: CallerLimits(rate: number, daily: 1000), keySet: ["keys": []],
        keySetURL: KeySetURL(parsing: "https://issuer-\(number).example/keys"))
    else { preconditionFailure("no issuer: \(number)") }
    return ConfiguredIssuer(issuer: issuer, since: moment(number))
  }

  /// A key of seals, whose PEM is none; foreign unless it is own.
  public static func sealKey(_ number: Int, _ state: SealKey.State, isOwn: Bool = true) -> SealKey {
    SealKey(
      hint: digest(6000 + number).hexadecimal, pem: "key \(number)", curve: "P-256", isOwn: isOwn,
      addedAt: moment(number), state: state)
  }

  /// The revocation of `version(number, of: model)`.
  public static func revocation(_ number: Int, of model: ModelName = name()) -> Revocations.Version {
    Revocations.Version(
      reference: VersionReference(name: model, version: versionNumber(number)), bundle: digest(number),
      since: moment(number), reason: "sample \(number)")
  }

  /// A policy that was set for a deployment.
  public static func settings(_ number: Int, of model: ModelName = name()) -> DeploymentSettings {
    guard let limits = try? DeploymentLimits(concurrency: number, deadline: 250),
      let records = try? RecordsPolicy(
        payloadMillionths: number, masked: ["age"], whenSpoolFull: number.isMultiple(of: 2) ? .goOn : nil)
    else { preconditionFailure("no policy: \(number)") }
    return DeploymentSettings(
      deployment: model, policy: DeploymentPolicy(limits: limits, records: records), since: moment(number))
  }

  /// A refused artifact.
  public static func refusal(_ number: Int, as model: ModelName = name()) -> QuarantinedArtifact {
    QuarantinedArtifact(
      artifact: digest(3000 + number), name: model, verdict: .dangerous, pushedBy: principal,
      refusedAt: moment(number))
  }

  /// The name of a segment of access records, of the process that is 16 times one hexadecimal digit.
  public static func segmentName(_ number: Int, process: Character = "a") -> SegmentName {
    let digits = String(number)
    let text =
      String(repeating: process, count: 16) + "-" + String(repeating: "0", count: max(0, 8 - digits.count))
      + digits
    guard let name = SegmentName(text) else { preconditionFailure("no name of a segment: \(text)") }
    return name
  }

  /// A kept segment of access records; an odd one has records.
  public static func segment(_ number: Int, process: Character = "a") -> KeptSegment {
    let isEmpty = number.isMultiple(of: 2)
    return KeptSegment(
      name: segmentName(number, process: process), root: digest(4000 + number), lines: isEmpty ? 1 : 6,
      records: isEmpty ? 0 : 4, lost: isEmpty ? 0 : 7,
      times: isEmpty ? nil : moment(number)...moment(number + 9),
      bytes: 1000 + number, keptAt: moment(number))
  }

  /// A damaged segment of access records.
  public static func damagedSegment(_ number: Int) -> DamagedSegment {
    DamagedSegment(
      name: segmentName(number), digest: digest(5000 + number), bytes: number, code: "records.corrupt",
      setAsideAt: moment(number))
  }

  /// The number of a version, from 1; it traps on one that is none.
  static func versionNumber(_ number: Int) -> VersionNumber {
    guard let version = VersionNumber(number) else { preconditionFailure("no version number: \(number)") }
    return version
  }
}

/// A segment of access records as a data plane writes it.
public enum SegmentSample {
  /// So many records, and what a gap says before them.
  public static func bytes(_ name: SegmentName, records: Int, lost: Int = 0) -> [UInt8] {
    var bytes: [UInt8] = []
    let header = RecordSegment.Header(segment: name.description, begun: Sample.moment(), salt: "00")
    RecordSegment.append(header.json.canonicalBytes, to: &bytes)
    if lost > 0 {
      let gap = AccessGap(count: lost, since: Sample.moment(), until: Sample.moment(1))
      RecordSegment.append(gap.json.canonicalBytes, to: &bytes)
    }
    for index in 0..<records { RecordSegment.append(record(index), to: &bytes) }
    return bytes
  }

  /// The text of a record.
  public static func record(_ index: Int) -> [UInt8] {
    var record = AccessRecord(time: Sample.moment(index), trace: String(repeating: "0", count: 32))
    record.status = 200
    record.rows = index
    record.deployment = Sample.name()
    record.version = 1
    var text: [UInt8] = []
    record.write(to: &text)
    return text
  }
}
