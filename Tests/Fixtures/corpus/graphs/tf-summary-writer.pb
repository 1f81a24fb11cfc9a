‹
"serve*2.21.0x
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
"
mCreateSummaryFileWriterxx"Ð