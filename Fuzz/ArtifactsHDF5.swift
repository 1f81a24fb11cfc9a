import Artifacts

/// Reads the input as an HDF5 file, from its superblock or as what follows one that is put before it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHDF5(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  var bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  if HDF5File.superblock(in: bytes[...]) == nil { bytes = HDF5File.signature + bytes }
  guard let file = HDF5File.read(bytes[...]) else { preconditionFailure("there is a superblock") }
  for object in file.objects {
    for attribute in object.attributes {
      precondition(attribute.texts.allSatisfy { $0.startIndex >= 0 && $0.endIndex <= bytes.count })
    }
    if case .dataset(let content?) = object.kind { precondition(content.count <= bytes.count) }
  }
  for observation in file.observations { precondition(observation.offset >= 0) }
  return 0
}
