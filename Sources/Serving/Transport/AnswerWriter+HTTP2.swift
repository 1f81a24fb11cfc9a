import Domain
import NIOHPACK

extension AnswerWriter {
  /// The head of an answer as HTTP/2 has it.
  ///
  /// What differs from one answer to the next is kept out of the table of fields that are sent as a number: it would
  /// push out what does not, and a caller may ask for a table without a bound.
  func headers(of outgoing: OutgoingAnswer) -> HPACKHeaders {
    let answer = outgoing.answer
    var headers = HPACKHeaders()
    headers.reserveCapacity(6)
    headers.add(name: ":status", value: answer.status.description)
    headers.add(name: "content-type", value: answer.form.type)
    if case .binaryTensors(let bytes) = answer.form {
      headers.add(name: "inference-header-content-length", value: bytes.description, indexing: .nonIndexable)
    }
    headers.add(name: "content-length", value: answer.bodyBytes.description, indexing: .nonIndexable)
    headers.add(name: "date", value: date(), indexing: .nonIndexable)
    for field in answer.fields {
      headers.add(name: field.name.lowercased(), value: field.value, indexing: .nonIndexable)
    }
    if let receipt = outgoing.receipt {
      headers.add(name: "gatehouse-receipt", value: receipt.description, indexing: .nonIndexable)
    }
    if let span = outgoing.span {
      headers.add(name: "traceresponse", value: span.context.response, indexing: .nonIndexable)
    }
    return headers
  }
}
