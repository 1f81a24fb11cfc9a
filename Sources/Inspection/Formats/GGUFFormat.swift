import Artifacts

/// The language models of llama.cpp: metadata with a chat template, and quantised tensors.
enum GGUFFormat: InspectedFormat {
  static let name = "GGUF"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? { GGUFFile.begins(bytes) ? .certain : nil }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let file = GGUFFile.read(subject.bytes)
    for fault in file.faults.prefix(20) {
      switch fault {
      case .structure(let message, let offset): walk.report(.ggufStructure, message, subject, at: offset)
      case .damage(let message, let offset): walk.report(.ggufMalformed, message, subject, at: offset)
      case .unknown(let message, let offset): walk.report(.ggufUnknown, message, subject, at: offset)
      }
    }
    for text in file.texts where text.key.hasPrefix("tokenizer.chat_template") {
      walk.report(
        TemplateJudge.findings(
          of: text.bytes, named: "the template '\(text.key.escaped(limit: 80))'", in: subject, at: text.offset
        ))
    }
    walk.reportSecrets(in: subject.bytes.prefix(file.headerEnd), of: subject, numbersAreData: true)
    return Inspected(name, file.faults.isEmpty ? .model : .refused)
  }
}
