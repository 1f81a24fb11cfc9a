import Domain
import Encoding
import Provenance
import Statements

/// Reads the input as a signed statement, as the payload of one, as the predicate of each kind, as a record of a build or
/// as the bill of a bundle, as its first byte chooses; whatever comes of it, nothing traps, and no bill and no gates
/// verify that are not the image's own.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStatements(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  do throws(Problem) {
    let sample = try Sample()
    switch form % 8 {
    case 0: _ = try SignedStatement(verifying: input, trusting: [sample.key.verificationKey])
    case 1:
      let statement = try Statement(parsing: input)
      // What reads as a promotion is written as it was.
      if let promotion = try? Promotion(statement) {
        let again = try Promotion(promotion.statement)
        precondition(again == promotion, "a promotion reads as it is written")
      }
      try sample.verify(input, in: 0)
    case 2: _ = try ProgramBuild(parsing: input)
    case 3:
      let bundle = try StatedBundle(try Sample.bundle(bill: input))
      _ = try Sample.image(bundle).statements(sample.account)
    default: try sample.verify(predicate: input, at: Int(form % 8) - 4)
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}

/// An image of one bundle, and what is stated of it.
private struct Sample {
  let key = SealingKey()
  let image: StatedImage
  let account: PackAccount
  let statements: [Statement]

  init() throws(Problem) {
    image = try Self.image(try StatedBundle(try Self.bundle(bill: try Self.bill().canonicalBytes)))
    account = PackAccount(
      trace: "t",
      pushes: [
        PushAccount(
          reference: try VersionReference(parsing: "a@1"), principal: .platform, trace: "t",
          admittedAt: Timestamp(milliseconds: 0))
      ])
    statements = try image.statements(account)
  }

  static func image(_ bundle: StatedBundle) throws(Problem) -> StatedImage {
    try StatedImage(
      name: "a", manifest: Digest(of: [1]), program: Digest(of: [2]), build: nil, tool: "gatehouse 0",
      bundles: [bundle])
  }

  private static func manifest() throws(Problem) -> Manifest {
    let reference = try VersionReference(parsing: "a@1")
    return Manifest(
      name: reference.name, version: reference.version, signature: [:], artifact: Digest(of: [3]),
      framework: "scikit-learn", frameworkVersion: "1", estimator: "E", tool: "gatehouse 0",
      policy: Digest(of: [4]))
  }

  private static func bill() throws(Problem) -> ModelBill {
    ModelBill(of: try manifest(), files: [], task: nil, inputs: [], outputs: [])
  }

  static func bundle(bill: [UInt8]) throws(Problem) -> UnsealedBundle {
    try UnsealedBundle(files: [
      BundleFile(path: "manifest.json", bytes: try manifest().canonicalBytes),
      BundleFile(path: "bom.cdx.json", bytes: bill),
      BundleFile(path: "inspection.json", bytes: Array(#"{"verdict":"liftable","findings":[]}"#.utf8)),
      BundleFile(path: "gates.json", bytes: Array(#"{"results":[{"gate":"g","passed":true}]}"#.utf8)),
    ])
  }

  /// Verifies all statements with the payload of one in the place of its own.
  func verify(_ payload: [UInt8], in place: Int) throws(Problem) {
    var signed: [[UInt8]] = []
    for (index, statement) in statements.enumerated() {
      signed.append(envelope(index == place ? payload : statement.canonicalBytes))
    }
    _ = try VerifyStatements.verify(signed, of: image, trusting: [key.verificationKey])
  }

  func verify(predicate: [UInt8], at place: Int) throws(Problem) {
    guard let json = try? JSON(parsing: predicate),
      let own = statements.indices.contains(place) ? statements[place] : nil
    else { return }
    let other = Statement(about: own.subjects, predicateType: own.predicateType, predicate: json)
    try verify(other.canonicalBytes, in: place)
    let isClaim = own.kind == .provenance || own.kind == .inspection
    precondition(isClaim || other == own || own.kind == .bill, "what verifies is what the image says")
  }

  private func envelope(_ payload: [UInt8]) -> [UInt8] {
    let document: JSON = [
      "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
      "verificationMaterial": ["publicKey": ["hint": .string(key.verificationKey.hint)], "tlogEntries": []],
      "dsseEnvelope": [
        "payload": .string(Base64.encode(payload)), "payloadType": "application/vnd.in-toto+json",
        "signatures": [["sig": "", "keyid": ""]],
      ],
    ]
    return document.canonicalBytes
  }
}
