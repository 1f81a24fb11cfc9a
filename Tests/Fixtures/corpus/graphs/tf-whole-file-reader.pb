
"serve*2.21.0l
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx

dWholeFileReaderV2"Ð