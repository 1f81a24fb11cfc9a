public import Domain
public import Encoding
public import Provenance

/// A bundle of an image, as far as statements speak of it: what its own files say.
public struct StatedBundle: Equatable, Sendable {
  /// Where inspection's report stands in a bundle.
  public static let inspectionPath = "inspection.json"
  /// Where the gates' results stand.
  public static let gatesPath = "gates.json"

  /// What the bundle says of itself.
  public let manifest: Manifest
  /// Its digest.
  public let digest: Digest
  /// Its bill of materials, CycloneDX 1.6.
  public let bill: JSON
  /// What inspection found.
  public let inspection: JSON
  /// The digest of `inspection.json`.
  public let inspectionDigest: Digest
  /// What the gates said.
  public let gates: JSON

  /// Reads what a bundle says; its seal was verified before.
  ///
  /// Throws `bundle.incomplete` where a file is missing, `manifest.malformed`, or `statement.unfit-bundle` where a file does
  /// not say what statements repeat of it.
  public init(_ contents: UnsealedBundle) throws(Problem) {
    manifest = try Manifest(parsing: try contents.requiredBytes(at: Manifest.path))
    digest = contents.digest
    let reference = manifest.reference.description
    let report = try contents.requiredBytes(at: Self.inspectionPath)
    inspectionDigest = Digest(of: report)
    bill = try Self.json(try contents.requiredBytes(at: ModelBill.path), ModelBill.path, reference)
    inspection = try Self.json(report, Self.inspectionPath, reference)
    gates = try Self.json(try contents.requiredBytes(at: Self.gatesPath), Self.gatesPath, reference)
    try checkBill()
    _ = try verdicts()
    _ = try gateNames()
  }

  private static func json(_ bytes: [UInt8], _ path: String, _ reference: String) throws(Problem) -> JSON {
    do { return try JSON(parsing: bytes, limits: JSONLimits(depth: 24, values: 1_000_000)) } catch {
      throw unfit("\(error.description) of '\(path)'", reference)
    }
  }

  private static func unfit(_ message: String, _ reference: String) -> Problem {
    Problem(.integrity, "statement.unfit-bundle", message, subject: reference)
  }

  private func unfit(_ message: String) -> Problem { Self.unfit(message, manifest.reference.description) }

  /// The bill is of this version, and each reference in it is the version's own, so that bills of several bundles can stand
  /// in one.
  private func checkBill() throws(Problem) {
    let root = manifest.reference.description
    guard bill["bomFormat"] == "CycloneDX", bill["specVersion"] == .string(BillOfMaterials.specification),
      let subject = bill["metadata"]?["component"], subject["bom-ref"] == .string(root),
      let components = bill["components"]?.array, let dependencies = bill["dependencies"]?.array
    else {
      throw unfit(
        "expected a bill of materials of \(root) in CycloneDX \(BillOfMaterials.specification), found another"
      )
    }
    let references = components.map { $0["bom-ref"]?.string ?? "" }
    let known = Set(references).union([root])
    guard known.count == references.count + 1, references.allSatisfy({ $0.hasPrefix(root + "/") }) else {
      throw unfit("expected parts that are each referred to as \(root)'s own, found others")
    }
    for dependency in dependencies {
      guard let reference = dependency["ref"]?.string, known.contains(reference),
        let needed = dependency["dependsOn"]?.array,
        needed.allSatisfy({ $0.string.map(known.contains) ?? false })
      else { throw unfit("expected dependencies among the parts of \(root), found others") }
    }
  }

  /// The model, as its bill has it.
  var model: JSON { bill["metadata"]?["component"] ?? .null }

  /// What inspection vouches for, as properties of a simple verification result.
  func verdicts() throws(Problem) -> [String] {
    guard let verdict = inspection["verdict"]?.string.flatMap(InspectionVerdict.init(rawValue:)),
      let findings = inspection["findings"]?.array
    else { throw unfit("expected a verdict and findings in '\(Self.inspectionPath)', found others") }
    var gravest: Severity?
    for finding in findings {
      guard let severity = finding["severity"]?.string.flatMap(Severity.init(rawValue:)) else {
        throw unfit("expected a severity of each finding in '\(Self.inspectionPath)', found none")
      }
      gravest = max(gravest ?? severity, severity)
    }
    let absent = Severity.allCases.filter { severity in gravest.map { $0 < severity } ?? true }
    return ["GATEHOUSE_VERDICT_\(String(verdict.rawValue.uppercased().map { $0 == "-" ? "_" : $0 }))"]
      + absent.sorted().map { "GATEHOUSE_NO_\($0.rawValue.uppercased())_FINDINGS" }
  }

  /// The names of the gates: those that hold, those that an exception lets be, and those that do not hold.
  func gateNames() throws(Problem) -> (passed: [String], excepted: [String], failed: [String]) {
    guard let results = gates["results"]?.array else {
      throw unfit("expected results in '\(Self.gatesPath)', found none")
    }
    var names: (passed: [String], excepted: [String], failed: [String]) = ([], [], [])
    for result in results {
      guard let gate = result["gate"]?.string, let isPassed = result["passed"]?.bool else {
        throw unfit("expected each gate in '\(Self.gatesPath)' with its result, found another value")
      }
      // Bundles of releases before exceptions say of a gate only whether it passed.
      switch (isPassed, result["outcome"]?.string) {
      case (true, "excepted"): names.excepted.append(gate)
      case (true, _): names.passed.append(gate)
      case (false, _): names.failed.append(gate)
      }
    }
    return names
  }
}

/// An image, as far as statements speak of it: what it is and what stands in it.
public struct StatedImage: Equatable, Sendable {
  /// What statements call it; only the digest says what it is.
  public let name: String
  /// The digest of its manifest.
  public let manifest: Digest
  /// The digest of the program in it.
  public let program: Digest
  /// How that was built, where it is known.
  public let build: ProgramBuild?
  /// What packed it, `gatehouse 0.1.0`.
  public let tool: String
  /// The bundles in it, by name and version.
  public let bundles: [StatedBundle]

  /// States what an image is.
  ///
  /// The order of `bundles` does not matter. Throws `program-build.other-program` where `build` is of another program, and
  /// `statement.no-bundle` or `statement.repeated-bundle`.
  public init(
    name: String, manifest: Digest, program: Digest, build: ProgramBuild?, tool: String,
    bundles: [StatedBundle]
  ) throws(Problem) {
    if let build, build.program != program {
      throw Problem(
        .integrity, "program-build.other-program",
        "expected a record of the program \(program.short), found one of \(build.program.short)")
    }
    guard !bundles.isEmpty else {
      throw Problem(.badInput, "statement.no-bundle", "expected an image with a bundle, found none in it")
    }
    guard Set(bundles.map(\.manifest.reference)).count == bundles.count else {
      throw Problem(
        .badInput, "statement.repeated-bundle", "expected each version once in an image, found one again")
    }
    self.name = name
    self.manifest = manifest
    self.program = program
    self.build = build
    self.tool = tool
    self.bundles = bundles.sorted {
      ($0.manifest.name, $0.manifest.version) < ($1.manifest.name, $1.manifest.version)
    }
  }

  private init(_ image: StatedImage, name: String, build: ProgramBuild?) {
    self.name = name
    manifest = image.manifest
    program = image.program
    self.build = build
    tool = image.tool
    bundles = image.bundles
  }

  /// The same image under another name, or with another record of the same program.
  func called(_ name: String, build: ProgramBuild?) -> StatedImage {
    StatedImage(self, name: name, build: build)
  }
}
