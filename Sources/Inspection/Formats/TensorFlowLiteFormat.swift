import Artifacts
import Domain
import Encoding

/// TensorFlow's format for small devices, a FlatBuffer.
enum TensorFlowLiteFormat: InspectedFormat {
  static let name = "TensorFlow Lite"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    TensorFlowLiteReader.begins(bytes) ? .certain : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let reading = TensorFlowLiteReader.read(subject.bytes)
    for observation in reading.observations {
      walk.report(
        TensorFlowFormat.rule(observation.kind), observation.detail, subject, at: observation.offset)
    }
    if let damage = reading.damage {
      walk.report(
        .flatBufferMalformed, "expected \(damage.expected), found \(damage.found)", subject, at: damage.offset
      )
      return Inspected(name, .refused)
    }
    return Inspected(name, .model)
  }
}
