import Artifacts

/// Tensors without code: the format that weights are shared in.
enum SafetensorsFormat: InspectedFormat {
  static let name = "safetensors"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    SafetensorsHeader.begins(bytes) ? .certain : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let header = SafetensorsHeader.read(subject.bytes)
    for fault in header.faults {
      switch fault {
      case .structure(let message, let offset):
        walk.report(.safetensorsStructure, message, subject, at: offset)
      case .damage(let message, let offset): walk.report(.safetensorsMalformed, message, subject, at: offset)
      case .unknown(let message, let offset): walk.report(.safetensorsOdd, message, subject, at: offset)
      }
    }
    walk.reportSecrets(in: header.text, at: 8, of: subject, numbersAreData: true)
    guard header.faults.isEmpty else { return Inspected(name, .refused) }
    return Inspected(name, .data("tensors without a model"))
  }
}
