import Artifacts
import Domain
import Encoding

/// The Open Neural Network Exchange: a protocol buffer without a magic number.
enum ONNXFormat: InspectedFormat {
  static let name = "ONNX"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    switch ModelMessage.recognise(bytes) {
    case .onnx(isWhole: true)?: .certain
    case .onnx(isWhole: false)?: .possible
    default: nil
    }
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let reading = ONNXReader.read(subject.bytes)
    for observation in reading.observations {
      walk.report(rule(observation.kind), observation.detail, subject, at: observation.offset)
    }
    if let damage = reading.damage {
      walk.report(
        .protobufMalformed, "expected \(damage.expected), found \(damage.found)", subject, at: damage.offset)
    }
    for data in reading.externalData { judge(data, subject, &walk) }
    if reading.damage != nil { return Inspected(name, .refused) }
    // Weights in other files are not lifted.
    return Inspected(name, reading.externalData.isEmpty ? .source(.onnx(subject.bytes)) : .model)
  }

  /// Looks for the file that a tensor's data is in, next to the model.
  private static func judge(_ data: ONNXExternalData, _ subject: Subject, _ walk: inout InspectionWalk) {
    let path = ReferencedPath.resolve(data.location, from: subject.member)
    let shown = "'\(path.escaped(limit: 200))'"
    guard let file = walk.files[path] else {
      walk.report(
        .onnxExternalFile, "expected the data of tensor \(data.tensor) in \(shown), found no such file",
        subject,
        at: data.offset)
      return
    }
    let (end, overflow) = data.start.addingReportingOverflow(data.count)
    if overflow || end > UInt64(file.count) {
      walk.report(
        .onnxExternalRange,
        "expected \(data.count) bytes from \(data.start) of \(shown) for tensor \(data.tensor), found a file of"
          + " \(file.count)", subject, at: data.offset)
    }
  }

  private static func rule(_ kind: ONNXObservation.Kind) -> Rule {
    switch kind {
    case .externalPath: .onnxExternalPath
    case .duplicateField: .protobufDuplicateField
    case .shape: .onnxShape
    case .tensorSize: .onnxTensorSize
    case .duplicateName: .onnxDuplicateName
    case .undefinedName: .onnxUndefinedName
    case .cycle: .onnxCycle
    case .nesting: .onnxNesting
    case .expansion: .onnxExpansion
    case .endlessLoop: .onnxEndlessLoop
    case .treeStructure: .onnxTreeStructure
    case .lengths: .onnxLengths
    case .pythonOperator: .onnxPythonOperator
    case .customOperator: .onnxCustomOperator
    case .trainingInfo: .onnxTrainingInfo
    case .limit: .onnxLimit
    }
  }
}
