import Artifacts
import Domain
import Encoding

/// PyTorch's archive of today: a pickle, its storages beside it, and for TorchScript code.
enum TorchArchive: ArchiveKind {
  static let name = "PyTorch"

  static func claims(_ archive: ZipArchive) -> Bool {
    archive.members.contains { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
      || archive.members.contains { $0.name.hasSuffix("/.data/version") }
  }

  static func inspect(_ archive: inout OpenArchive, in walk: inout InspectionWalk) -> Inspected {
    let members = archive.zip.members
    let sizes = Dictionary(members.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for member in members where isPickle(member) {
      guard let bytes = archive.bytes(of: member, in: &walk) else { continue }
      let place = archive.place(of: member)
      let subject = Subject(bytes: bytes, member: place.member, depth: place.depth)
      let reading = PickleReading.readTorch(bytes, budget: walk.budget)
      var stored: [ZipMember] = []
      let folders = folders(of: member.name)
      let stem = member.name.split(separator: "/").last?.dropLast(4) ?? ""
      TorchJudge.report(reading, subject, in: &walk) { storage in
        for folder in folders {
          guard let found = sizes[folder + storage.key] ?? sizes["\(folder)\(storage.key).storage"] else {
            continue
          }
          stored.append(found)
          // Tracing keeps the shapes of what it was given, without the numbers.
          return found.size == 0 && stem == "traced_inputs" ? storage.byteCount : found.size
        }
        return nil
      }
      if reading.document != nil, reading.byteCount < bytes.count {
        walk.report(
          .trailingBytes,
          "expected the end of the file after the pickle, found \(bytes.count - reading.byteCount) bytes more",
          subject, at: reading.byteCount)
      }
      // Raw numbers; reading them checks that they are whole.
      for member in stored { _ = archive.bytes(of: member, in: &walk) }
    }
    inspectCode(&archive, in: &walk)
    return Inspected(name, .model)
  }

  private static func isPickle(_ member: ZipMember) -> Bool {
    member.kind == .file && (member.name.hasSuffix(".pkl") || member.name.hasSuffix(".debug_pkl"))
  }

  /// Where the storages of a pickle stand, by the several layouts.
  private static func folders(of name: String) -> [String] {
    let folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
    let stem = String(name.dropFirst(folder.count).dropLast(4))
    let root = name.firstIndex(of: "/").map { String(name[...$0]) } ?? ""
    return [
      "\(folder)\(stem)/", "\(root).data/", "\(folder)data/", "\(folder)tensors/", "\(folder).data/", folder,
    ]
  }

  /// TorchScript's code and that of `torch.package`: Python that runs when the model is called.
  private static func inspectCode(_ archive: inout OpenArchive, in walk: inout InspectionWalk) {
    var sources: [String] = []
    var operators: Set<String> = []
    let isPackage = archive.zip.members.contains { $0.name.hasSuffix("/.data/extern_modules") }
    for member in archive.zip.members where member.kind == .file && member.name.hasSuffix(".py") {
      guard let bytes = archive.bytes(of: member, in: &walk) else { continue }
      sources.append(member.name)
      let place = archive.place(of: member)
      for use in TorchScript.uses(in: bytes) {
        switch use.kind {
        case .effect:
          walk.report(.torchScriptEffect, "would call \(use.name) in its own code", place, at: use.offset)
        case .customOperator: operators.insert(use.name)
        }
      }
    }
    guard let first = sources.first else { return }
    let more = sources.count > 1 ? " and \(sources.count - 1) more" : ""
    let custom = operators.sorted().prefix(5).map { $0.escaped(limit: 60) }.joined(separator: ", ")
    walk.report(
      isPackage ? .torchPackage : .torchScript,
      "carries code of its own: '\(first.escaped(limit: 120))'\(more)"
        + (custom.isEmpty ? "" : ", with the operators \(custom)"), archive.subject)
  }
}

/// PyTorch's format of before version 1.6.
enum TorchLegacyFormat: InspectedFormat {
  static let name = "PyTorch legacy"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    TorchLegacyFile.begins(bytes) ? .certain : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let file = TorchLegacyFile(subject.bytes, budget: walk.budget)
    for pickle in file.pickles { TorchJudge.report(pickle.reading, subject, in: &walk) }
    if let fault = file.fault {
      walk.report(
        .torchLegacy, "expected \(fault.expected), found \(fault.found)".escaped(limit: 400), subject,
        at: fault.offset)
    }
    if let end = file.byteCount, end < subject.bytes.count {
      walk.report(
        .torchTrailing,
        "expected the end of the file after the storages, found \(subject.bytes.count - end) bytes more",
        subject, at: end)
    }
    return Inspected(name, .model)
  }
}
