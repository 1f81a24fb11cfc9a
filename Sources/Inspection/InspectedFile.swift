import Artifacts
import Domain

/// One file of an artifact, and what there is to say about it.
struct InspectedFile {
  let path: String
  let format: String
  /// The values of a pickle that could be read to its end.
  let document: PickleDocument?
  /// Whether the bytes are a pickle, as far as one can tell.
  let holdsPickle: Bool
  /// What the bytes are, in words.
  let description: String
  private(set) var findings: [Finding]

  init(_ file: ArtifactFile, budget: ReadingBudget) {
    let reading = FileReading.read(file.bytes, budget: budget)
    path = file.path
    format = reading.format
    findings = []
    switch reading.content {
    case .pickle(let pickle):
      document = pickle.document
      findings = PickleJudge.findings(of: pickle, member: file.path)
      // Text can begin with an opcode by chance; it does not get far.
      let isCertain = pickle.document != nil || pickle.protocolVersion > 0 || reading.compressedCount > 0
      holdsPickle = isCertain || findings.contains { Rule.named($0.rule)?.verdict == .dangerous }
      description = "a file that is no pickle past its first bytes"
    case .array:
      (document, holdsPickle, description) = (nil, false, "a NumPy array")
      findings.append(Rule.notAModel.finding("expected a model, found a NumPy array", member: file.path))
    case .unsupported(let name):
      (document, holdsPickle, description) = (nil, false, "the format \(name)")
      findings.append(Self.unsupported(name, member: file.path))
    case .malformed(let message, let offset):
      (document, holdsPickle, description) = (nil, false, "a file that is not read")
      let rule =
        reading.compressedCount == 0 && Compression(rawValue: reading.format) != nil
        ? Rule.compressionMalformed : Rule.artifactMalformed
      findings.append(rule.finding(message, member: file.path, offset: offset))
    case .bomb(let message, let offset):
      (document, holdsPickle, description) = (nil, true, "a compressed file")
      findings.append(Rule.bomb.finding(message, member: file.path, offset: offset))
    }
    if reading.bytesAfterCompression > 0 {
      findings.append(
        Rule.compressionTrailing.finding(
          "expected the end of the file after the compressed stream, found \(reading.bytesAfterCompression)"
            + " bytes more",
          member: file.path, offset: reading.compressedCount))
    }
  }

  private static func unsupported(_ name: String, member: String) -> Finding {
    if ["bzip2", "xz", "lzma", "lz4", "zstd"].contains(name) {
      return Rule.compressionUnsupported.finding(
        "expected zlib or gzip, found \(name), which is not unpacked", member: member, offset: 0)
    }
    return Rule.unsupportedFormat.finding(
      "expected a pickle or joblib file, found \(name)", member: member, offset: 0)
  }

  /// Adds a finding where the pickle holds something else than an instance of some class.
  mutating func requireModel() {
    guard let document else { return }
    if case .object = document[document.root] { return }
    findings.append(
      Rule.notAModel.finding(
        "expected a fitted estimator, found \(document[document.root].kind)", member: path,
        offset: document.offset(of: document.root)))
  }
}

extension PickleDocument {
  /// The version of scikit-learn that the first estimator of the file says it was fitted with.
  var scikitLearnVersion: String? {
    for value in values {
      guard case .object(let object) = value, let state = object.state,
        case .dictionary(let attributes) = self[state]
      else { continue }
      for (key, value) in attributes {
        guard case .string("_sklearn_version") = self[key], case .string(let version) = self[value] else {
          continue
        }
        return version
      }
    }
    return nil
  }
}
