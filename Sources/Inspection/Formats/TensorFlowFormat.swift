import Artifacts
import Domain
import Encoding

/// TensorFlow's SavedModel, its parts, and graphs that stand alone: protocol buffers without a magic number.
enum TensorFlowFormat: InspectedFormat {
  static let name = "TensorFlow SavedModel"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    switch ModelMessage.recognise(bytes) {
    case .savedModel(let isWhole)?, .metaGraph(let isWhole)?, .graph(let isWhole)?,
      .kerasMetadata(let isWhole)?:
      isWhole ? .certain : .possible
    case .fingerprint?: .possible
    case .onnx?, nil: nil
    }
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    guard let message = ModelMessage.recognise(subject.bytes) else { return nil }
    let reading = TensorFlowReader.read(subject.bytes, as: message)
    for observation in reading.observations {
      walk.report(rule(observation.kind), observation.detail, subject, at: observation.offset)
    }
    for text in reading.kerasConfigurations {
      walk.report(
        KerasJudge.findings(ofText: text, in: subject, at: text.startIndex - subject.bytes.startIndex)
          .findings)
    }
    if let damage = reading.damage {
      walk.report(
        .protobufMalformed, "expected \(damage.expected), found \(damage.found)", subject, at: damage.offset)
      return Inspected(name, .refused)
    }
    switch message {
    case .savedModel: return Inspected(name, .model)
    case .metaGraph: return Inspected("TensorFlow meta graph", .model)
    case .graph: return Inspected("TensorFlow graph", .model)
    case .kerasMetadata: return Inspected(name, .data("the metadata of a Keras model"))
    case .fingerprint: return Inspected(name, .data("the fingerprint of a SavedModel"))
    case .onnx: return nil
    }
  }

  static func rule(_ kind: TensorFlowObservation.Kind) -> Rule {
    switch kind {
    case .python: .tensorFlowPython
    case .file: .tensorFlowFile
    case .network: .tensorFlowNetwork
    case .abort: .tensorFlowAbort
    case .path: .tensorFlowPath
    case .ownFile: .tensorFlowOwnFile
    case .duplicateField: .protobufDuplicateField
    case .duplicateName: .tensorFlowDuplicateName
    case .shape: .tensorFlowShape
    case .tensorSize: .tensorFlowTensorSize
    case .cycle: .tensorFlowCycle
    case .expansion: .tensorFlowExpansion
    case .nesting: .tensorFlowNesting
    case .index: .tensorFlowIndex
    case .customOperator: .tensorFlowCustomOperator
    case .limit: .tensorFlowLimit
    }
  }
}

/// The index of a TensorFlow checkpoint: a table whose last eight bytes are its magic number.
enum CheckpointIndexFormat: InspectedFormat {
  static let name = "TensorFlow checkpoint index"

  private static let magic: [UInt8] = [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    bytes.suffix(8).elementsEqual(magic) ? .possible : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    Inspected(name, .data("the index of a TensorFlow checkpoint"))
  }
}
