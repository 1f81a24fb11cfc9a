import Domain
import ModelGraph

extension InferRequest {
  /// Reads a body that is nothing but the data of the one input, in the datatype of the model's signature.
  ///
  /// A body for a model of texts is one text.
  init(raw bytes: ArraySlice<UInt8>, for model: ServedModel) throws(Problem) {
    guard model.inputs.count == 1, let port = model.inputs.first else {
      throw malformedInfer(
        "expected a description of the tensors, for the model has \(model.inputs.count) inputs, found data alone",
        at: "")
    }
    let columns = port.shape.count == 2 ? port.shape[1] : 1
    let elements: InferTensor.Elements
    let rowCount: Int
    if port.datatype == .string {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw Problem(.badInput, "infer.element", "expected text in UTF-8, found bytes that are not")
      }
      elements = .texts([text])
      rowCount = 1
    } else {
      let (rowBytes, overflow) = columns.multipliedReportingOverflow(by: NumericDatatype.fp64.byteCount)
      guard !overflow, rowBytes > 0, !bytes.isEmpty, bytes.count % rowBytes == 0 else {
        throw malformedInfer(
          "expected rows of \(columns) numbers in FP64, found \(bytes.count) bytes", at: "")
      }
      rowCount = bytes.count / rowBytes
      elements = try InferTensor.Datatype.number(.fp64).elements(
        in: bytes, count: rowCount * columns, at: "/inputs/0/data")
    }
    tensors = [InferTensor(name: port.name, shape: [rowCount, columns], elements: elements, index: 0)]
  }
}
