import Domain

// Rules about HDF5 files.
extension Rule {
  static let hdf5 = [
    hdf5ExternalLink, hdf5ExternalFile, hdf5Virtual, hdf5UserLink, hdf5SoftLink, hdf5Filter, hdf5Shape,
    hdf5Cycle, hdf5Depth, hdf5NotRead, hdf5Budget, hdf5Trailing, hdf5Malformed,
  ]

  static let hdf5ExternalLink = Rule(
    "hdf5.external-link", .externalReference, .high, .dangerous, "a link leads into another file",
    why: "Whoever opens the name opens the other file, which the artifact chooses and nobody has inspected.",
    example: "the link /model_weights leads to '/' of the file '/tmp/other.h5'", remedy: RuleText.doNotLoad,
    RuleText.outside + ["CWE-610"])
  static let hdf5ExternalFile = Rule(
    "hdf5.external-file", .externalReference, .high, .dangerous, "a dataset's bytes stand in another file",
    why:
      "The library reads the named file of whoever loads the model: its bytes become weights, and leave with the"
      + " model.",
    example: "the dataset /weights has its bytes in '/etc/passwd'", remedy: RuleText.doNotLoad,
    RuleText.outside + ["CWE-200", "CVE-2026-1669"])
  static let hdf5Virtual = Rule(
    "hdf5.virtual-dataset", .externalReference, .high, .dangerous,
    "a dataset is put together from other files",
    why: "A virtual dataset reads whatever files it names.",
    example: "the dataset /weights is put together from 'secret.h5'",
    remedy: "copy the data into the file itself", RuleText.outside)
  static let hdf5UserLink = Rule(
    "hdf5.user-defined-link", .unknown, .medium, .notLiftable, "a link whose meaning a plug-in decides",
    why: "Following it runs code that whoever reads the file has registered.",
    example: "the link /x is of the user-defined type 65", remedy: "use hard links", RuleText.outside)
  static let hdf5SoftLink = Rule(
    "hdf5.soft-link", .remark, .note, nil, "a link by path inside the file",
    why: "It may lead nowhere, or back to itself.", example: "the link /a leads to '/b'",
    remedy: "use hard links", [])
  static let hdf5Filter = Rule(
    "hdf5.filter-plugin", .unknown, .medium, .notLiftable, "a filter that is not built into the library",
    why:
      "To read the data, the library loads a shared object by the filter's number from a folder of plug-ins.",
    example: "the dataset /x needs the filter 32001 'blosc'",
    remedy: "save the data with gzip, or uncompressed",
    RuleText.outside)
  static let hdf5Shape = Rule(
    "hdf5.shape", .exhaustion, .high, .dangerous,
    "a shape that no memory holds, or that the file cannot fill",
    why: "A reader allocates what the shape says before it reads a byte.",
    example: "the dataset /x has 1152921504606846976 elements of 4 bytes in a file of 2048 bytes",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-789", "CVE-2026-0897"])
  static let hdf5Cycle = Rule(
    "hdf5.cycle", .exhaustion, .high, .dangerous, "a structure contains itself",
    why: "Readers that follow it never come back.",
    example: "a node of a group's tree is reached twice", remedy: RuleText.doNotLoad,
    RuleText.exhaustion + ["CWE-835"])
  static let hdf5NotRead = Rule(
    "hdf5.not-read", .unknown, .medium, .notLiftable, "a structure of HDF5 that is not read",
    why: "What is inside was not looked at, and unknown is never clean.",
    example: "expected plain objects, found a table of shared messages",
    remedy: "save the model again with h5py's ordinary settings", [])
  static let hdf5Depth = Rule(
    "hdf5.depth", .exhaustion, .high, .dangerous, "groups nest deeper than any reader bears",
    why: "Readers that recurse overflow their stack, which ends the process.",
    example: "groups nest more than 256 deep", remedy: RuleText.doNotLoad,
    RuleText.exhaustion + ["CWE-674"])
  static let hdf5Budget = Rule(
    "hdf5.budget", .exhaustion, .medium, .notLiftable, "more objects or links than are looked at",
    why: "Reading has a bound; what lies behind it was not seen.", example: "more than 200000 objects",
    remedy: "use a smaller file", RuleText.exhaustion)
  static let hdf5Trailing = Rule(
    "hdf5.trailing-bytes", .unknown, .medium, .notLiftable, "bytes follow the end of the HDF5 file",
    why: "The library never looks at them; another reader may.",
    example: "expected the end of the file, found 12 bytes more", remedy: "save the model again",
    RuleText.corrupt)
  static let hdf5Malformed = Rule(
    "hdf5.malformed", .damage, .medium, .malformed, "the bytes are no HDF5 at some place",
    why: "A file that breaks off or contradicts itself is no model.",
    example: "expected a file of 20056 bytes, found 19000 bytes", remedy: RuleText.checkWhole,
    RuleText.corrupt)
}
