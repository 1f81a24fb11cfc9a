import Artifacts
import Domain
import Encoding

/// HDF5, and the models that Keras 1 to 3 saves in it.
enum HDF5Format: InspectedFormat {
  static let name = "HDF5"

  /// The attributes that hold a configuration.
  private static let configurations: Set<String> = ["model_config", "training_config", "config", "metadata"]
  /// How much of a dataset is looked at for what it could be other than numbers.
  private static let datasetLimit = 64 << 20

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    HDF5File.superblock(in: bytes) == nil ? nil : .certain
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    guard let file = HDF5File.read(subject.bytes, budget: walk.budget) else { return nil }
    for observation in file.observations { walk.report([finding(observation, subject)]) }
    if file.userBlockCount > 0 {
      let block = subject.bytes.prefix(file.userBlockCount)
      if block.contains(where: { $0 != 0 }) {
        walk.report(
          .hdf5NotRead, "expected the HDF5 file at the start, found \(file.userBlockCount) bytes before it",
          subject, at: 0)
        _ = walk.inspectPart(block, named: "user block", of: subject, unpacked: false)
      }
    }
    var texts = Texts(remaining: subject.bytes.count + 1 << 20)
    for object in file.objects { judge(object, subject, &texts, &walk) }
    if texts.remaining < 0 {
      walk.report(
        .hdf5Budget, "expected attributes of the file's size together, found the same bytes many times",
        subject)
    }
    guard let root = file.root else { return Inspected(name, .refused) }
    if root.attribute("model_config") != nil { return Inspected("Keras HDF5", .model) }
    if root.attribute("layer_names") != nil || file.objects.contains(where: { $0.path == "/layers" }) {
      return Inspected("Keras weights", .data("the weights of a Keras model"))
    }
    return Inspected(name, .data("an HDF5 file without a model"))
  }

  /// What was looked at of the attributes; they may all refer to the same bytes.
  private struct Texts {
    var remaining: Int
    private var seen: Set<Range<Int>> = []

    init(remaining: Int) {
      self.remaining = remaining
    }

    /// Whether a text is to be looked at: each once, and no more of them than the file has bytes.
    mutating func takes(_ text: ArraySlice<UInt8>) -> Bool {
      guard remaining >= 0, seen.insert(text.startIndex..<text.endIndex).inserted else { return false }
      remaining -= text.count
      return remaining >= 0
    }
  }

  private static func judge(
    _ object: HDF5Object, _ subject: Subject, _ texts: inout Texts, _ walk: inout InspectionWalk
  ) {
    for attribute in object.attributes {
      for text in attribute.texts where texts.takes(text) {
        let start = text.first { $0 != 0x20 && !(0x09...0x0D).contains($0) }
        if configurations.contains(attribute.name) && attribute.texts.count == 1
          || start == UInt8(ascii: "{") && text.count > 16
        {
          let (findings, json) = KerasJudge.findings(ofText: text, in: subject, at: attribute.offset)
          // Text that only looks like JSON is no configuration, unless its name says so.
          if json != nil || configurations.contains(attribute.name) { walk.report(findings) }
        } else {
          inspectPickle(text, subject, &walk)
        }
      }
    }
    if case .dataset(let bytes?) = object.kind, bytes.count <= datasetLimit, texts.takes(bytes) {
      inspectPickle(bytes, subject, &walk)
    }
  }

  /// PyTables and pandas keep Python objects as pickles in strings and byte arrays, and load them unasked.
  private static func inspectPickle(
    _ bytes: ArraySlice<UInt8>, _ subject: Subject, _ walk: inout InspectionWalk
  ) {
    guard bytes.count > 2, bytes.last == UInt8(ascii: "."), let first = bytes.first,
      first == 0x80 || PickleReading.canBegin(with: first)
    else { return }
    let offset = bytes.startIndex - subject.bytes.startIndex
    let reading = PickleReading.read(bytes, budget: walk.budget)
    guard reading.document != nil || first == 0x80 else { return }
    for finding in PickleJudge.findings(of: reading, member: subject.member)
    where first == 0x80 || Rule.named(finding.rule)?.verdict == .dangerous {
      walk.report([
        Finding(
          rule: finding.rule, severity: finding.severity, member: finding.member,
          offset: offset + (finding.offset ?? 0), opcode: finding.opcode, message: finding.message,
          remedy: finding.remedy)
      ])
    }
  }

  private static func finding(_ observation: HDF5Observation, _ subject: Subject) -> Finding {
    let path = observation.path.escaped(limit: 200)
    let (rule, message): (Rule, String) =
      switch observation.kind {
      case .externalLink(let file, let object):
        (
          .hdf5ExternalLink,
          "the link \(path) leads to '\(object.escaped(limit: 120))' of the file '\(file.escaped(limit: 200))'"
        )
      case .softLink(let target):
        (.hdf5SoftLink, "the link \(path) leads to '\(target.escaped(limit: 200))'")
      case .userDefinedLink(let type): (.hdf5UserLink, "the link \(path) is of the user-defined type \(type)")
      case .externalFile(let file):
        (.hdf5ExternalFile, "the dataset \(path) has its bytes in '\(file.escaped(limit: 300))'")
      case .virtualSource(let file):
        (.hdf5Virtual, "the dataset \(path) is put together from '\(file.escaped(limit: 300))'")
      case .filter(let id, let name):
        (.hdf5Filter, "the dataset \(path) needs the filter \(id) '\(name.escaped(limit: 80))'")
      case .dimensions(let detail): (.hdf5Shape, "\(path) has \(detail)")
      case .cycle(let detail): (.hdf5Cycle, "\(detail), at \(path)")
      case .depth(let detail): (.hdf5Depth, detail)
      case .notRead(let what): (.hdf5NotRead, "expected plain objects, found \(what), at \(path)")
      case .trailingBytes(let count):
        (.hdf5Trailing, "expected the end of the file, found \(count) bytes more")
      case .budget(let detail): (.hdf5Budget, detail)
      case .malformed(let expected, let found):
        (
          .hdf5Malformed,
          "expected \(expected.escaped(limit: 200)), found \(found.escaped(limit: 120)), at \(path)"
        )
      }
    return rule.finding(message, member: subject.member, offset: observation.offset)
  }
}
